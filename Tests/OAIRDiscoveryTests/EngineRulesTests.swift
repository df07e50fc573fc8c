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

  @Test func `engines are recognised by their answers`() {
    func kind(_ body: String, server: String? = nil) -> Backend.Kind? {
      let response = ControlResponse(status: 200, server: server, body: Array(body.utf8))
      return EngineRules.recognise(response, ModelList(response.body))
    }
    #expect(kind(RecordedAnswers.vllmModels, server: "uvicorn") == .vllm)
    #expect(kind(RecordedAnswers.llamaModels) == .llamaCpp)
    #expect(kind(RecordedAnswers.llamaLoading, server: "llama.cpp") == .llamaCpp)
    #expect(kind(#"{"data":[{"id":"a","owned_by":"sglang"}]}"#, server: "uvicorn") == .sglang)
    #expect(kind(#"{"data":[{"id":"a","owned_by":"organization_owner"}]}"#) == .lmStudio)
    #expect(kind(RecordedAnswers.ollamaModels) == nil)
    // A router lists the models of its engines, as they describe them.
    #expect(kind(RecordedAnswers.vllmModels, server: "oairouter") == .generic)
    #expect(kind(RecordedAnswers.ollamaNone) == nil)
    #expect(kind("<html>", server: "nginx") == nil)
  }

  @Test(arguments: [
    (200, #"{"version":"0.12.6"}"#, true), (404, #"{"version":"0.12.6"}"#, false),
    (200, #"{"version":1}"#, false), (200, "{}", false), (200, "<html>", false), (200, "", false),
  ])
  func `Ollama is known by its version`(status: Int, body: String, isOllama: Bool) {
    let response = ControlResponse(status: status, body: Array(body.utf8))
    #expect(EngineRules.isOllama(response) == isOllama)
  }
}
