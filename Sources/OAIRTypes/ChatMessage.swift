/// One message of a conversation, in a request or a whole answer.
public struct ChatMessage: Codable, Equatable, Sendable {
  /// What a message says: text, or parts of several kinds.
  public enum Content: Codable, Equatable, Sendable {
    /// Plain text.
    case text(String)
    /// Text, images, audio and files, each an object with a `type`.
    case parts([JSONValue])

    /// Decodes whichever of the two is there.
    ///
    /// - Throws: `DecodingError` if it is neither.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .parts(try container.decode([JSONValue].self))
      }
    }

    /// Encodes the text or the parts.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .parts(let parts): try container.encode(parts)
      }
    }
  }

  /// `system`, `developer`, `user`, `assistant` or `tool`.
  public var role: String
  /// What is said; nil where an assistant only calls tools.
  public var content: Content?
  /// Tells apart several who share a role.
  public var name: String?
  /// Why the model wouldn't answer.
  public var refusal: String?
  /// What the model thought before it answered (vLLM, llama.cpp, SGLang).
  public var reasoningContent: String?
  /// Calls that an assistant makes.
  public var toolCalls: [ToolCall]?
  /// The call that a `tool` message answers.
  public var toolCallID: String?

  /// A message of plain text.
  public init(role: String, content: String) {
    self.role = role
    self.content = .text(content)
  }

  /// A message of several parts.
  public init(role: String, parts: [JSONValue]) {
    self.role = role
    self.content = .parts(parts)
  }

  private enum CodingKeys: String, CodingKey {
    case role, content, name, refusal
    case reasoningContent = "reasoning_content"
    case toolCalls = "tool_calls"
    case toolCallID = "tool_call_id"
  }
}
