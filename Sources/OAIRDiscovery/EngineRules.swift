import OAIRRouting

/// What is known of each engine: where to ask for its health, and what the answer means.
///
/// None of these paths generates a token or wakes a model.
enum EngineRules {
  /// Where the list of models is.
  static let modelsPath = "/v1/models"
  /// What Ollama answers with its version.
  static let ollamaVersionPath = "/api/version"
  /// Ollama's installed models, with sizes and digests.
  static let ollamaTagsPath = "/api/tags"
  /// Ollama's models in memory.
  static let ollamaProcessesPath = "/api/ps"

  /// Where an engine is asked for its health.
  static func probePath(_ kind: Backend.Kind) -> String {
    switch kind {
    case .vllm, .llamaCpp: "/health"
    // SGLang's own /health runs a request of one token.
    case .sglang: "/ready"
    case .ollama: ollamaVersionPath
    default: modelsPath
    }
  }

  /// What the status of a probe's answer means.
  ///
  /// Anything below 500 comes from a server that works, even if it wants a key (401) or is too old
  /// to know the path (404).
  static func outcome(_ kind: Backend.Kind, status: Int) -> ProbeOutcome {
    if status < 500 { return .succeeded }
    // Both have their port open while they load. vLLM's 503 means that its engine is dead.
    if status == 503, kind == .llamaCpp || kind == .sglang { return .failed(.loading) }
    return .failed(.status(status))
  }
}
