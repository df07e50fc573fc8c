/// How an engine writes: the same answers in its own bytes, with its own order of keys and fields.
protocol Dialect: Sendable {
  /// `GET /v1/models`.
  func models(_ names: [String], created: Int) -> [UInt8]
  /// One element of that list; nil when the engine has no such path.
  func model(_ name: String, created: Int) -> [UInt8]?
  /// What a completion's id is made of.
  func id(for kind: Completion.Kind, _ identity: inout MockIdentity) -> String

  /// A completion in one piece.
  func document(_ completion: Completion) -> [UInt8]
  /// A completion as events.
  func script(_ completion: Completion) -> EventScript
  /// Vectors.
  func document(_ embeddings: Embeddings) -> [UInt8]
  /// An error.
  func document(_ failure: MockFailure) -> Document

  /// The head of an answer.
  func head(_ facts: AnswerHead) -> [UInt8]
}

extension MockPersonality {
  var dialect: any Dialect {
    switch self {
    case .openai: OpenAIDialect()
    case .vllm: VLLMDialect()
    case .llamacpp: LlamaCppDialect()
    }
  }
}
