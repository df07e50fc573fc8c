import OAIRHTTP1

/// What a path means to an engine.
enum MockRoute: Hashable {
  case models
  case model(String)
  case health
  case version
  /// vLLM's count of requests.
  case load
  /// The backend's own: what it has seen.
  case statistics

  // Generated token by token.
  case chat, completion, responses, messages, nativeCompletion, ollamaChat, ollamaGenerate
  // Vectors.
  case embeddings, ollamaEmbed, ollamaEmbeddings
  // Answered in one piece.
  case countTokens, inputTokens, rerank, score, classify, pooling, tokenize, detokenize
  case applyTemplate, moderations
  // Media.
  case images, imageEdits, speech, transcription, translation
  // What Ollama says of itself.
  case ollamaRoot, ollamaTags, ollamaPs, ollamaShow

  case unknown

  /// Finds a path's meaning.
  ///
  /// - Parameters:
  ///   - path: without its query, percent escapes as they were sent.
  ///   - personality: whose paths are known.
  init(_ path: String, _ personality: MockPersonality) {
    if let known = Self.common[path] ?? Self.paths(of: personality)[path] {
      self = known
      return
    }
    let isRetrieved = personality == .openai || personality == .ollama
    guard isRetrieved, path.hasPrefix("/v1/models/") else {
      self = .unknown
      return
    }
    self = .model(Self.percentDecoded(path.dropFirst("/v1/models/".count)))
  }

  private static let common: [String: MockRoute] = [
    "/v1/models": .models, "/v1/chat/completions": .chat, "/v1/completions": .completion,
    "/v1/embeddings": .embeddings, "/v1/responses": .responses, "/mock/statistics": .statistics,
  ]

  private static func paths(of personality: MockPersonality) -> [String: MockRoute] {
    switch personality {
    case .openai: openAI
    case .vllm: vLLM
    case .llamacpp: llamaCpp
    case .ollama: ollama
    }
  }

  private static let openAI: [String: MockRoute] = [
    "/health": .health, "/v1/responses/input_tokens": .inputTokens,
    "/v1/moderations": .moderations, "/v1/images/generations": .images,
    "/v1/images/edits": .imageEdits, "/v1/images/variations": .imageEdits,
    "/v1/audio/speech": .speech, "/v1/audio/transcriptions": .transcription,
    "/v1/audio/translations": .translation,
  ]

  private static let vLLM: [String: MockRoute] = [
    "/health": .health, "/ping": .health, "/version": .version, "/load": .load,
    "/v1/messages": .messages, "/v1/messages/count_tokens": .countTokens, "/rerank": .rerank,
    "/v1/rerank": .rerank, "/v2/rerank": .rerank, "/score": .score, "/v1/score": .score,
    "/classify": .classify, "/pooling": .pooling, "/tokenize": .tokenize,
    "/detokenize": .detokenize, "/v1/audio/transcriptions": .transcription,
    "/v1/audio/translations": .translation,
  ]

  private static let llamaCpp: [String: MockRoute] = [
    "/health": .health, "/v1/health": .health, "/models": .models, "/chat/completions": .chat,
    "/responses": .responses, "/v1/responses/input_tokens": .inputTokens,
    "/v1/messages": .messages, "/v1/messages/count_tokens": .countTokens, "/rerank": .rerank,
    "/reranking": .rerank, "/v1/rerank": .rerank, "/v1/reranking": .rerank,
    "/tokenize": .tokenize, "/detokenize": .detokenize, "/apply-template": .applyTemplate,
    "/completion": .nativeCompletion, "/completions": .nativeCompletion,
    "/infill": .nativeCompletion, "/v1/audio/transcriptions": .transcription,
  ]

  private static let ollama: [String: MockRoute] = [
    "/": .ollamaRoot, "/api/version": .version, "/api/tags": .ollamaTags, "/api/ps": .ollamaPs,
    "/api/show": .ollamaShow, "/api/chat": .ollamaChat, "/api/generate": .ollamaGenerate,
    "/api/embed": .ollamaEmbed, "/api/embeddings": .ollamaEmbeddings, "/v1/messages": .messages,
    "/v1/audio/transcriptions": .transcription,
  ]

  /// The faults that may concern it.
  var target: MockFault.Target? {
    switch self {
    case .models, .model, .ollamaTags, .ollamaPs: .models
    case .health, .version, .load, .ollamaRoot: .health
    case .statistics, .unknown: nil
    default: .inference
    }
  }

  /// What is generated there, token by token.
  var kind: Completion.Kind? {
    switch self {
    case .chat: .chat
    case .completion: .text
    case .responses: .response
    case .messages: .message
    case .nativeCompletion: .native
    case .ollamaChat: .ollamaChat
    case .ollamaGenerate: .ollamaGenerate
    default: nil
    }
  }

  /// Whether a request takes one of the engine's slots.
  var isGenerated: Bool { kind != nil || self == .transcription || self == .translation }

  /// Whether errors there have Anthropic's shape.
  var isAnthropic: Bool { self == .messages || self == .countTokens }

  /// Whether it is one of Ollama's own paths.
  var isOllama: Bool {
    switch self {
    case .ollamaRoot, .ollamaTags, .ollamaPs, .ollamaShow, .ollamaChat, .ollamaGenerate,
      .ollamaEmbed, .ollamaEmbeddings:
      true
    default: false
    }
  }

  /// The one method that it takes; GET also stands for HEAD.
  var method: HTTPMethod { target == .inference ? .post : .get }

  func accepts(_ method: HTTPMethod) -> Bool {
    method == self.method || method == .head && self.method == .get
  }

  private static func percentDecoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      guard byte == 0x25, digits.count == 2, let code = UInt8(String(digits) ?? "", radix: 16)
      else {
        bytes.append(byte)
        continue
      }
      bytes.append(code)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
