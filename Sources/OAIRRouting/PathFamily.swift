/// A family of paths: an engine serves all of it or nothing.
public enum PathFamily: UInt8, Sendable, CaseIterable {
  /// `/v1/chat/completions`.
  case chat
  /// `/v1/completions`.
  case completions
  /// `/v1/embeddings`.
  case embeddings
  /// `/v1/responses`.
  case responses
  /// `/v1/responses/input_tokens` and its like for chats.
  case inputTokens
  /// Anthropic's `/v1/messages`.
  case messages
  /// `/v1/messages/count_tokens`.
  case countTokens
  /// `/rerank`, `/v1/rerank`.
  case rerank
  /// Cohere's `/v2/rerank`.
  case rerankV2
  /// `/score`, `/v1/score`.
  case score
  /// `/classify`, `/v1/classify`.
  case classify
  /// `/v1/decisions`.
  case decisions
  /// `/pooling`.
  case pooling
  /// `/tokenize`, `/detokenize`.
  case tokenize
  /// `/v1/moderations`.
  case moderations
  /// `/v1/images/*`.
  case images
  /// `/v1/audio/speech`.
  case speech
  /// `/v1/audio/transcriptions`.
  case transcriptions
  /// `/v1/audio/translations`.
  case translations
  /// The WebSocket `/v1/realtime`.
  case realtime
  /// llama.cpp's own: `/completion`, `/infill`, `/apply-template`.
  case llamaCpp
  /// Ollama's own `/api/*`.
  case ollama
  /// Any other path: what it does isn't known, so every engine might serve it.
  case other
}

/// A set of path families.
public struct PathFamilies: Equatable, Sendable, ExpressibleByArrayLiteral {
  @usableFromInline private(set) var bits: UInt32

  /// The families that are listed.
  public init(arrayLiteral families: PathFamily...) {
    bits = families.reduce(0) { $0 | 1 << $1.rawValue }
  }

  private init(bits: UInt32) { self.bits = bits }

  /// Every family there is.
  public static let all = PathFamilies(bits: .max)

  /// Whether a family is one of them.
  @inlinable
  public func contains(_ family: PathFamily) -> Bool { bits >> family.rawValue & 1 == 1 }

  /// Adds a family.
  public mutating func insert(_ family: PathFamily) { bits |= 1 << family.rawValue }

  /// The families that are in one of both.
  public func union(_ other: PathFamilies) -> PathFamilies { .init(bits: bits | other.bits) }
}

extension Backend.Kind {
  /// The paths that the engine serves, as its documentation and source say.
  ///
  /// An engine that isn't known is assumed to serve all. A known one that doesn't would answer with
  /// a 404 of its own, whose text says nothing of the engines that do.
  public var pathFamilies: PathFamilies {
    switch self {
    case .vllm:
      Self.common.union([
        .responses, .messages, .countTokens, .rerank, .rerankV2, .score, .classify, .decisions,
        .pooling, .tokenize, .transcriptions, .translations, .realtime,
      ])
    case .sglang:
      Self.common.union([
        .responses, .messages, .countTokens, .rerank, .score, .classify, .decisions, .tokenize,
        .transcriptions,
      ])
    case .llamaCpp:
      Self.common.union([
        .responses, .inputTokens, .messages, .countTokens, .rerank, .tokenize, .transcriptions,
        .llamaCpp,
      ])
    case .ollama: Self.common.union([.responses, .messages, .transcriptions, .ollama])
    case .lmStudio: Self.common.union([.responses, .messages, .countTokens])
    default: .all
    }
  }

  private static let common: PathFamilies = [.chat, .completions, .embeddings, .other]
}
