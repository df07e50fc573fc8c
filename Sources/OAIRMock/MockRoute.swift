import OAIRHTTP1

/// What a path means to an engine.
enum MockRoute: Equatable {
  case models
  case model(String)
  case health
  case version
  case chat
  case completion
  case embeddings
  case unknown

  /// Finds a path's meaning.
  ///
  /// - Parameters:
  ///   - path: without its query, percent escapes as they were sent.
  ///   - personality: whose paths are known.
  init(_ path: String, _ personality: MockPersonality) {
    switch (path, personality) {
    case ("/v1/models", _), ("/models", .llamacpp): self = .models
    case ("/health", _), ("/ping", .vllm), ("/v1/health", .llamacpp): self = .health
    case ("/version", .vllm): self = .version
    case ("/v1/chat/completions", _), ("/chat/completions", .llamacpp): self = .chat
    case ("/v1/completions", _): self = .completion
    case ("/v1/embeddings", _): self = .embeddings
    case (_, .openai) where path.hasPrefix("/v1/models/"):
      self = .model(Self.percentDecoded(path.dropFirst("/v1/models/".count)))
    default: self = .unknown
    }
  }

  /// The faults that may concern it.
  var target: MockFault.Target? {
    switch self {
    case .models, .model: .models
    case .health, .version: .health
    case .chat, .completion, .embeddings: .inference
    case .unknown: nil
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
