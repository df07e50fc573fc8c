/// The body of `POST /v1/chat/completions`.
///
/// The fields that engines agree on; unknown ones are ignored when decoding.
public struct ChatCompletionRequest: Codable, Equatable, Sendable {
  /// Options that only matter when streaming.
  public struct StreamOptions: Codable, Equatable, Sendable {
    /// Asks for a last chunk that holds the usage.
    public var includeUsage: Bool?

    /// Options with everything else left at its default.
    public init(includeUsage: Bool? = nil) {
      self.includeUsage = includeUsage
    }

    private enum CodingKeys: String, CodingKey {
      case includeUsage = "include_usage"
    }
  }

  /// The model's id.
  public var model: String
  /// The conversation so far.
  public var messages: [ChatMessage]
  /// Whether the answer comes as server-sent events.
  public var stream: Bool?
  /// Options that only matter when streaming.
  public var streamOptions: StreamOptions?
  /// Sampling temperature, 0 to 2.
  public var temperature: Double?
  /// Nucleus sampling, 0 to 1.
  public var topP: Double?
  /// How many choices to generate; 1 by default.
  public var n: Int?
  /// Where to stop.
  public var stop: OneOrMany<String>?
  /// Most tokens to generate; the older name.
  public var maxTokens: Int?
  /// Most tokens to generate.
  public var maxCompletionTokens: Int?
  /// -2 to 2: avoids tokens that have occurred.
  public var presencePenalty: Double?
  /// -2 to 2: avoids tokens in proportion to how often they occurred.
  public var frequencyPenalty: Double?
  /// Makes sampling repeatable, as far as the engine can.
  public var seed: Int?
  /// Tools that the model may call.
  public var tools: [ToolDefinition]?
  /// Which tool to call: `"auto"`, `"none"`, `"required"` or an object that names one.
  public var toolChoice: JSONValue?
  /// The form that the answer must have, such as a JSON schema.
  public var responseFormat: JSONValue?
  /// A name for the end user.
  public var user: String?

  /// A request with everything else left at its default.
  public init(
    model: String,
    messages: [ChatMessage],
    stream: Bool? = nil,
    maxCompletionTokens: Int? = nil
  ) {
    self.model = model
    self.messages = messages
    self.stream = stream
    self.maxCompletionTokens = maxCompletionTokens
  }

  private enum CodingKeys: String, CodingKey {
    case model, messages, stream, temperature, n, stop, seed, tools, user
    case streamOptions = "stream_options"
    case topP = "top_p"
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case presencePenalty = "presence_penalty"
    case frequencyPenalty = "frequency_penalty"
    case toolChoice = "tool_choice"
    case responseFormat = "response_format"
  }
}
