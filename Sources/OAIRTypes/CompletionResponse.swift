/// The answer of `POST /v1/completions`: the whole of it, or one event of a stream.
public struct CompletionResponse: Codable, Equatable, Sendable {
  /// One of the continuations asked for, or an addition to it.
  public struct Choice: Codable, Equatable, Sendable {
    /// Its number, from 0.
    public var index: Int
    /// The text, or more of it.
    public var text: String
    /// Why it ended: `stop`, `length` or `content_filter`.
    public var finishReason: String?

    /// A continuation, or an addition to it.
    public init(index: Int = 0, text: String, finishReason: String? = nil) {
      self.index = index
      self.text = text
      self.finishReason = finishReason
    }

    private enum CodingKeys: String, CodingKey {
      case index, text
      case finishReason = "finish_reason"
    }
  }

  /// The answer's id.
  public var id: String
  /// `text_completion`.
  public var object: String
  /// When it was made, in seconds since 1970.
  public var created: Int
  /// The model that answered.
  public var model: String
  /// The continuations.
  public var choices: [Choice]
  /// What it took.
  public var usage: TokenUsage?

  /// An answer, or one event of it.
  public init(
    id: String,
    created: Int,
    model: String,
    choices: [Choice],
    usage: TokenUsage? = nil
  ) {
    self.id = id
    object = "text_completion"
    self.created = created
    self.model = model
    self.choices = choices
    self.usage = usage
  }
}
