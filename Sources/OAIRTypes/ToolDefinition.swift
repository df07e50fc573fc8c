/// A function that the model may call.
public struct ToolDefinition: Codable, Equatable, Sendable {
  /// The function's description.
  public struct Function: Codable, Equatable, Sendable {
    /// Its name.
    public var name: String
    /// What it does, for the model to read.
    public var description: String?
    /// A JSON schema of its parameters.
    public var parameters: JSONValue?
    /// Whether arguments must follow the schema exactly.
    public var strict: Bool?

    /// A function with everything else left at its default.
    public init(name: String, description: String? = nil, parameters: JSONValue? = nil) {
      self.name = name
      self.description = description
      self.parameters = parameters
    }
  }

  /// `function`.
  public var type: String
  /// The function's description.
  public var function: Function

  /// A tool that is a function.
  public init(function: Function) {
    type = "function"
    self.function = function
  }
}
