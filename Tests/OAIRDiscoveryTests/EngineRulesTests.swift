import OAIRRouting
import Testing

@testable import OAIRDiscovery

struct EngineRulesTests {
  @Test(arguments: [
    (Backend.Kind.vllm, "/health"), (.sglang, "/ready"), (.llamaCpp, "/health"),
    (.ollama, "/api/version"), (.lmStudio, "/v1/models"), (.generic, "/v1/models"),
    (.auto, "/v1/models"),
  ])
  func `each engine is asked where it doesn't generate`(kind: Backend.Kind, path: String) {
    #expect(EngineRules.probePath(kind) == path)
  }

  @Test(arguments: Backend.Kind.all, [200, 204, 301, 401, 403, 404, 429])
  func `an answer below 500 comes from a server that works`(kind: Backend.Kind, status: Int) {
    #expect(EngineRules.outcome(kind, status: status) == .succeeded)
  }

  @Test(arguments: Backend.Kind.all)
  func `503 means loading for engines that listen while they load`(kind: Backend.Kind) {
    let loads = kind == .llamaCpp || kind == .sglang
    #expect(
      EngineRules.outcome(kind, status: 503) == .failed(loads ? .loading : .status(503))
    )
    #expect(EngineRules.outcome(kind, status: 500) == .failed(.status(500)))
  }
}
