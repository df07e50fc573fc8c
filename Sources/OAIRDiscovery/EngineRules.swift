import OAIRRouting

/// What is known of each engine: where to ask for its health, what the answer means, and how to
/// recognise it.
///
/// None of these paths generates a token or wakes a model.
enum EngineRules {
  /// Where the list of models is.
  static let modelsPath = "/v1/models"
  /// What only Ollama answers with a version.
  static let ollamaVersionPath = "/api/version"

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

  /// Recognises an engine by its answer to `GET /v1/models`.
  ///
  /// - Returns: nil when it could be any.
  static func recognise(_ response: ControlResponse, _ list: ModelList?) -> Backend.Kind? {
    if response.server == "llama.cpp" { return .llamaCpp }
    // Another router answers what Ollama's clients ask for, and has engines of any kind.
    if response.server == "oairouter" { return .generic }
    switch list?.owner {
    case "vllm": return .vllm
    case "sglang": return .sglang
    case "llamacpp": return .llamaCpp
    case "organization_owner": return .lmStudio
    default: return nil
    }
  }

  /// True when the answer to `GET /api/version` is Ollama's.
  static func isOllama(_ response: ControlResponse) -> Bool {
    guard response.status == 200, String(validating: response.body, as: UTF8.self) != nil else {
      return false
    }
    return response.body.withUnsafeBytes { bytes in
      var slicer = JSONSlicer(bytes)
      guard let version = slicer.members()?.first(where: { $0.key == "version" }) else {
        return false
      }
      return JSONSlicer(bytes, in: version.value).string() != nil
    }
  }
}
