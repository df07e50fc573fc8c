/// A call of a function by the model; in a stream, a part of one.
public struct ToolCall: Codable, Equatable, Sendable {
  /// The function that is called.
  public struct Function: Codable, Equatable, Sendable {
    /// Its name; in a stream, in the first part only.
    public var name: String?
    /// Its arguments as JSON text, or a further part of that text.
    public var arguments: String?

    /// A call of `name` with arguments that are JSON text.
    public init(name: String? = nil, arguments: String? = nil) {
      self.name = name
      self.arguments = arguments
    }
  }

  /// Which call this is a part of; only in a stream.
  public var index: Int?
  /// The call's id, which the answer repeats.
  public var id: String?
  /// `function`.
  public var type: String?
  /// The function that is called.
  public var function: Function

  /// A call, or a part of one.
  public init(
    index: Int? = nil,
    id: String? = nil,
    type: String? = "function",
    function: Function
  ) {
    self.index = index
    self.id = id
    self.type = type
    self.function = function
  }
}
