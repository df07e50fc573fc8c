/// The whole answer of `POST /v1/chat/completions`.
public struct ChatCompletionResponse: Codable, Equatable, Sendable {
  /// One of the answers asked for.
  public struct Choice: Codable, Equatable, Sendable {
    /// Its number, from 0.
    public var index: Int
    /// What the model said.
    public var message: ChatMessage
    /// Why it ended: `stop`, `length`, `tool_calls` or `content_filter`.
    public var finishReason: String?

    /// An answer that has ended.
    public init(index: Int = 0, message: ChatMessage, finishReason: String? = "stop") {
      self.index = index
      self.message = message
      self.finishReason = finishReason
    }

    private enum CodingKeys: String, CodingKey {
      case index, message
      case finishReason = "finish_reason"
    }
  }

  /// The answer's id.
  public var id: String
  /// `chat.completion`.
  public var object: String
  /// When it was made, in seconds since 1970.
  public var created: Int
  /// The model that answered.
  public var model: String
  /// The answers.
  public var choices: [Choice]
  /// What it took.
  public var usage: TokenUsage?
  /// The engine's build and configuration.
  public var systemFingerprint: String?

  /// An answer.
  public init(
    id: String,
    created: Int,
    model: String,
    choices: [Choice],
    usage: TokenUsage? = nil
  ) {
    self.id = id
    object = "chat.completion"
    self.created = created
    self.model = model
    self.choices = choices
    self.usage = usage
  }

  private enum CodingKeys: String, CodingKey {
    case id, object, created, model, choices, usage
    case systemFingerprint = "system_fingerprint"
  }
}
