import OAIRRouting
import OAIRWire

/// What is known of a routed path.
struct Service: Equatable {
  /// How its answer's events look, and its errors.
  let wire: WireFamily
  /// Which engines have it.
  let family: PathFamily

  init(_ family: PathFamily, _ wire: WireFamily = .opaque) {
    self.family = family
    self.wire = wire
  }

  /// A request may be sent again after its body went out: at worst, tokens are generated twice.
  ///
  /// Of a path that isn't known nobody can say so: it may load a model, or delete one.
  var isRepeatable: Bool { family != .other }
}

/// What is routed, by path: looked up when the path isn't one of the few that nearly all requests
/// have.
enum ServiceTable {
  private static let services: [(path: StaticString, service: Service)] = [
    ("/v1/embeddings", Service(.embeddings)),
    ("/v1/responses/compact", Service(.other)),
    ("/v1/responses/input_tokens", Service(.inputTokens)),
    ("/v1/chat/completions/input_tokens", Service(.inputTokens)),
    ("/v1/chat/completions/batch", Service(.other)),
    ("/v1/chat/completions/render", Service(.other)),
    ("/v1/chat/completions/derender", Service(.other)),
    ("/v1/chat/completions/control", Service(.other)),
    ("/v1/messages/count_tokens", Service(.countTokens, .messages)),
    ("/v1/rerank", Service(.rerank)),
    ("/rerank", Service(.rerank)),
    ("/v2/rerank", Service(.rerankV2)),
    ("/v1/score", Service(.score)),
    ("/score", Service(.score)),
    ("/v1/classify", Service(.classify)),
    ("/classify", Service(.classify)),
    ("/v1/decisions", Service(.decisions)),
    ("/pooling", Service(.pooling)),
    ("/tokenize", Service(.tokenize)),
    ("/detokenize", Service(.tokenize)),
    ("/v1/moderations", Service(.moderations)),
    ("/v1/images/generations", Service(.images)),
    ("/v1/images/edits", Service(.images)),
    ("/v1/images/variations", Service(.images)),
    ("/v1/audio/speech", Service(.speech)),
    ("/v1/audio/transcriptions", Service(.transcriptions)),
    ("/v1/audio/translations", Service(.translations)),
    ("/infill", Service(.llamaCpp)),
    ("/apply-template", Service(.llamaCpp)),
    ("/completion", Service(.llamaCpp)),
    ("/api/chat", Service(.ollama, .ollama)),
    ("/api/generate", Service(.ollama, .ollama)),
    ("/api/embed", Service(.ollama, .ollama)),
    ("/api/embeddings", Service(.ollama, .ollama)),
    ("/api/show", Service(.ollama, .ollama)),
  ]

  /// Resources below `/v1` that belong to a platform: they live where they were made, and no engine
  /// that one runs oneself has them.
  private static let platform: [StaticString] = [
    "agents", "assistants", "audio/voice_consents", "audio/voices", "batches", "chatkit",
    "chat/completions", "containers", "content_provenance_checks", "conversations", "evals",
    "files", "fine_tuning", "live", "organization", "projects", "realtime", "responses", "safety",
    "skills", "threads", "uploads", "vaults", "vector_stores", "videos", "webhook_endpoints",
    "webhook_event_types",
  ]

  static func service(_ path: UnsafeRawBufferPointer) -> Service? {
    services.first { path.equals($0.path) }?.service
  }

  /// Whether the path is one of a platform's resources, or below one.
  static func isPlatform(_ path: UnsafeRawBufferPointer) -> Bool {
    let rest = UnsafeRawBufferPointer(rebasing: path.dropFirst("/v1/".utf8.count))
    return platform.contains { name in
      guard rest.starts(name) else { return false }
      let length = name.utf8CodeUnitCount
      return rest.count == length || rest[length] == UInt8(ascii: "/")
    }
  }
}
