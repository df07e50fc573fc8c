import OAIRRouting

/// Tells engines apart by their answers.
///
/// First by the answer to the probe of an unknown engine, `GET /v1/models`; where that leaves it
/// open (no model yet, a key wanted, a proxy in front), by a few more questions, each of which one
/// engine answers in a way of its own.
enum EngineFingerprints {
  /// Further questions, in the order in which they are asked: at first those that are answered most
  /// often.
  static let questions = [
    EngineRules.ollamaVersionPath, "/version", "/props", "/get_model_info", "/api/v0/models",
  ]

  /// What an answer shows.
  struct Finding: Equatable {
    var kind: Backend.Kind
    var version: EngineVersion?
  }

  /// Recognises an engine by its answer to `GET /v1/models`.
  ///
  /// - Returns: nil when it could be any.
  static func recognise(_ response: ControlResponse, _ list: ModelList?) -> Backend.Kind? {
    // Another router answers what Ollama's clients ask for, and has engines of any kind.
    if response.server == "oairouter" { return .generic }
    if response.server == "llama.cpp" { return .llamaCpp }
    if isLMStudio(response) { return .lmStudio }
    switch list?.owner {
    case "vllm": return .vllm
    case "sglang": return .sglang
    case "llamacpp": return .llamaCpp
    case "organization_owner": return .lmStudio
    default: return nil
    }
  }

  /// Recognises an engine by its answer to one of the questions.
  ///
  /// - Returns: nil when the answer leaves it open.
  static func recognise(_ response: ControlResponse, to question: String) -> Finding? {
    if isLMStudio(response) { return Finding(kind: .lmStudio) }
    guard response.status == 200, let object = members(of: response.body) else { return nil }
    switch question {
    case EngineRules.ollamaVersionPath:
      return version(object).map { Finding(kind: .ollama, version: $0) }
    case "/version":
      return version(object).map { Finding(kind: .vllm, version: $0) }
    case "/props":
      // TabbyAPI has the first two as well.
      let own: Set = ["default_generation_settings", "total_slots", "build_info"]
      return own.isSubset(of: object.keys) ? Finding(kind: .llamaCpp) : nil
    case "/get_model_info":
      let own: Set = ["model_path", "tokenizer_path", "is_generation"]
      return own.isSubset(of: object.keys) ? Finding(kind: .sglang) : nil
    case "/api/v0/models":
      return isLMStudioList(response.body) ? Finding(kind: .lmStudio) : nil
    default:
      return nil
    }
  }

  /// Ollama's version, of an answer to `GET /api/version`.
  static func ollamaVersion(_ response: ControlResponse) -> EngineVersion? {
    recognise(response, to: EngineRules.ollamaVersionPath)?.version
  }

  /// The version, where it is all that an answer says: others that have such a path say more.
  private static func version(_ object: [String: String?]) -> EngineVersion? {
    guard object.count == 1, let text = object["version"] ?? nil else { return nil }
    return EngineVersion(text)
  }

  /// LM Studio answers whatever it doesn't know with 200 and this error.
  private static func isLMStudio(_ response: ControlResponse) -> Bool {
    guard response.status == 200, response.body.count < 1024,
      let object = members(of: response.body), object.count == 1
    else { return false }
    return (object["error"] ?? nil)?.hasPrefix("Unexpected endpoint or method") ?? false
  }

  private static func isLMStudioList(_ body: [UInt8]) -> Bool {
    body.withUnsafeBytes { bytes in
      var whole = JSONSlicer(bytes)
      guard let data = whole.members()?.first(where: { $0.key == "data" }) else { return false }
      var list = JSONSlicer(bytes, in: data.value)
      guard let first = list.elements()?.first else { return false }
      var object = JSONSlicer(bytes, in: first)
      let keys = Set(object.members()?.map(\.key) ?? [])
      return keys.isSuperset(of: ["publisher", "compatibility_type", "state"])
    }
  }

  /// An object's members: their keys, and their values where they are strings.
  private static func members(of body: [UInt8]) -> [String: String?]? {
    guard String(validating: body, as: UTF8.self) != nil else { return nil }
    return body.withUnsafeBytes { bytes in
      var slicer = JSONSlicer(bytes)
      guard let members = slicer.members() else { return nil }
      return Dictionary(
        members.map { ($0.key, JSONSlicer(bytes, in: $0.value).string()) },
        uniquingKeysWith: { $1 }
      )
    }
  }
}
