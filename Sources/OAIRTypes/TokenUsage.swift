/// How many tokens a request took and gave.
public struct TokenUsage: Codable, Equatable, Sendable {
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Tokens generated; nil where nothing is generated (embeddings).
  public var completionTokens: Int?
  /// Both together.
  public var totalTokens: Int

  /// Usage with the total summed up.
  public init(promptTokens: Int, completionTokens: Int? = nil) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    totalTokens = promptTokens + (completionTokens ?? 0)
  }

  private enum CodingKeys: String, CodingKey {
    case promptTokens = "prompt_tokens"
    case completionTokens = "completion_tokens"
    case totalTokens = "total_tokens"
  }
}
