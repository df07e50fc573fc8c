import OAIRTypes
import OAIRWire

/// How an engine writes: the same answers in its own bytes, with its own order of keys and fields.
protocol Dialect: Sendable {
  /// `GET /v1/models`.
  func models(_ names: [String], created: Int) -> [UInt8]
  /// One element of that list; nil when the engine has no such path.
  func model(_ name: String, created: Int) -> [UInt8]?
  /// What a completion's id begins with.
  func idPrefix(for kind: Completion.Kind) -> String
  /// What a completion's id is made of.
  func id(for kind: Completion.Kind, _ identity: inout MockIdentity) -> String
  /// The id of the message inside a response.
  func itemID(_ identity: inout MockIdentity) -> String

  /// A completion in one piece.
  func document(_ completion: Completion) -> [UInt8]
  /// A completion as events.
  func script(_ completion: Completion) -> EventScript
  /// Vectors.
  func document(_ embeddings: Embeddings) -> [UInt8]
  /// Other work, in one piece.
  func document(_ task: PlainTask) -> Document
  /// Other work, as events; nil when there is no such stream.
  func script(_ task: PlainTask) -> EventScript?
  /// How the engine names JSON.
  func jsonType(on route: MockRoute) -> String
  /// An error, in the shape that the path's API has.
  func document(_ failure: MockFailure, on route: MockRoute) -> Document

  /// The head of an answer.
  func head(_ facts: AnswerHead) -> [UInt8]
}

extension Dialect {
  /// An error of the OpenAI API.
  func document(_ failure: MockFailure) -> Document { document(failure, on: .chat) }

  func script(_ task: PlainTask) -> EventScript? { nil }

  func jsonType(on route: MockRoute) -> String { "application/json" }
}

extension EventScript {
  /// A server-sent event whose data is an object.
  static func event(
    _ type: String? = nil,
    _ members: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    ServerSentEventEncoder.event(data: JSONWriter.object(members), event: type)
  }
}

extension MockPersonality {
  var dialect: any Dialect {
    switch self {
    case .openai: OpenAIDialect()
    case .vllm: VLLMDialect()
    case .llamacpp: LlamaCppDialect()
    case .ollama: OllamaDialect()
    }
  }
}
