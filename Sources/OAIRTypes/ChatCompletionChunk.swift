/// One event of a streamed chat completion.
public struct ChatCompletionChunk: Codable, Equatable, Sendable {
  /// What an event adds to a choice's message.
  public struct Delta: Codable, Equatable, Sendable {
    /// Who speaks; in the first event only.
    public var role: String?
    /// More text.
    public var content: String?
    /// More of a refusal.
    public var refusal: String?
    /// More of what the model thinks (vLLM, llama.cpp, SGLang).
    public var reasoningContent: String?
    /// More of the calls that the model makes.
    public var toolCalls: [ToolCall]?

    /// A delta of role and text.
    public init(role: String? = nil, content: String? = nil) {
      self.role = role
      self.content = content
    }

    private enum CodingKeys: String, CodingKey {
      case role, content, refusal
      case reasoningContent = "reasoning_content"
      case toolCalls = "tool_calls"
    }
  }

  /// What an event adds to one choice.
  public struct Choice: Codable, Equatable, Sendable {
    /// The choice's number, from 0.
    public var index: Int
    /// What is added.
    public var delta: Delta
    /// Why the choice ended, in its last event.
    public var finishReason: String?

    /// An addition to a choice.
    public init(index: Int = 0, delta: Delta, finishReason: String? = nil) {
      self.index = index
      self.delta = delta
      self.finishReason = finishReason
    }

    private enum CodingKeys: String, CodingKey {
      case index, delta
      case finishReason = "finish_reason"
    }
  }

  /// The answer's id, the same in all events.
  public var id: String
  /// `chat.completion.chunk`.
  public var object: String
  /// When the answer began, in seconds since 1970.
  public var created: Int
  /// The model that answers.
  public var model: String
  /// Additions; empty in an event that holds only the usage.
  public var choices: [Choice]
  /// What it took, in the last event, if that was asked for.
  public var usage: TokenUsage?

  /// An event.
  public init(
    id: String,
    created: Int,
    model: String,
    choices: [Choice],
    usage: TokenUsage? = nil
  ) {
    self.id = id
    object = "chat.completion.chunk"
    self.created = created
    self.model = model
    self.choices = choices
    self.usage = usage
  }
}
