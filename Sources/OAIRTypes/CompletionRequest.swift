/// The body of `POST /v1/completions`.
public struct CompletionRequest: Codable, Equatable, Sendable {
  /// The model's id.
  public var model: String
  /// What to continue.
  public var prompt: OneOrMany<String>
  /// What comes behind the text to insert.
  public var suffix: String?
  /// Whether the answer comes as server-sent events.
  public var stream: Bool?
  /// Options that only matter when streaming.
  public var streamOptions: ChatCompletionRequest.StreamOptions?
  /// Most tokens to generate.
  public var maxTokens: Int?
  /// Sampling temperature, 0 to 2.
  public var temperature: Double?
  /// Nucleus sampling, 0 to 1.
  public var topP: Double?
  /// How many choices to generate; 1 by default.
  public var n: Int?
  /// Where to stop.
  public var stop: OneOrMany<String>?
  /// Whether the prompt is repeated in the answer.
  public var echo: Bool?
  /// Makes sampling repeatable, as far as the engine can.
  public var seed: Int?

  /// A request with everything else left at its default.
  public init(model: String, prompt: String, stream: Bool? = nil, maxTokens: Int? = nil) {
    self.model = model
    self.prompt = .one(prompt)
    self.stream = stream
    self.maxTokens = maxTokens
  }

  private enum CodingKeys: String, CodingKey {
    case model, prompt, suffix, stream, temperature, n, stop, echo, seed
    case streamOptions = "stream_options"
    case maxTokens = "max_tokens"
    case topP = "top_p"
  }
}
