import OAIRRouting
import Testing

@testable import OAIRDiscovery

struct EngineFingerprintsTests {
  private func response(_ body: String, status: Int = 200, server: String? = nil)
    -> ControlResponse
  {
    ControlResponse(status: status, server: server, body: Array(body.utf8))
  }

  @Test func `engines are recognised by their lists`() {
    func kind(_ body: String, server: String? = nil) -> Backend.Kind? {
      let response = response(body, server: server)
      return EngineFingerprints.recognise(response, ModelList(response.body))
    }
    #expect(kind(RecordedAnswers.vllmModels, server: "uvicorn") == .vllm)
    #expect(kind(RecordedAnswers.llamaModels) == .llamaCpp)
    #expect(kind(RecordedAnswers.llamaLoading, server: "llama.cpp") == .llamaCpp)
    #expect(kind(#"{"data":[{"id":"a","owned_by":"sglang"}]}"#, server: "uvicorn") == .sglang)
    #expect(kind(#"{"data":[{"id":"a","owned_by":"organization_owner"}]}"#) == .lmStudio)
    #expect(kind(RecordedAnswers.ollamaModels) == nil)
    // A router lists the models of its engines, as they describe them.
    for list in [RecordedAnswers.vllmModels, RecordedAnswers.llamaModels] {
      #expect(kind(list, server: "oairouter") == .generic)
    }
    #expect(kind(RecordedAnswers.ollamaNone) == nil)
    #expect(kind("<html>", server: "nginx") == nil)
  }

  @Test func `a list with models of several engines is no single engine's`() {
    let list = response(#"{"data":[{"id":"a","owned_by":"vllm"},{"id":"b","owned_by":"openai"}]}"#)
    #expect(EngineFingerprints.recognise(list, ModelList(list.body)) == nil)
  }

  @Test(arguments: [
    ("/api/version", RecordedAnswers.ollamaVersion, Backend.Kind.ollama),
    ("/version", RecordedAnswers.vllmVersion, .vllm),
    ("/props", RecordedAnswers.llamaProps, .llamaCpp),
    ("/get_model_info", RecordedAnswers.sglangModelInfo, .sglang),
    ("/api/v0/models", RecordedAnswers.lmStudioModels, .lmStudio),
    ("/api/version", RecordedAnswers.lmStudioError("/api/version"), .lmStudio),
  ])
  func `each question is answered by one engine`(
    question: String,
    body: String,
    kind: Backend.Kind
  ) {
    #expect(EngineFingerprints.questions.contains(question))
    #expect(EngineFingerprints.recognise(response(body), to: question)?.kind == kind)
    #expect(EngineFingerprints.recognise(response(body, status: 401), to: question) == nil)
    for other in EngineFingerprints.questions where other != question && kind != .lmStudio {
      let found = EngineFingerprints.recognise(response(body), to: other)?.kind
      // A version alone is Ollama's and vLLM's: they differ in where it is asked for.
      let isVersion = body.hasPrefix(#"{"version""#) && other.hasSuffix("/version")
      #expect(found == nil || isVersion)
    }
  }

  @Test(
    arguments: EngineFingerprints.questions,
    [
      "", "{}", "[]", "null", "<html>", #"{"version":1}"#, #"{"version":""}"#,
      #"{"version":"0.1","commit":"abc"}"#, #"{"error":"not found"}"#, #"{"detail":"Not Found"}"#,
      #"{"total_slots":1,"default_generation_settings":{}}"#, #"{"data":[]}"#, #"{"data":null}"#,
      #"{"data":[{"id":"a","object":"model"}]}"#,
    ]
  )
  func `what isn't an engine's own leaves it open`(question: String, body: String) {
    #expect(EngineFingerprints.recognise(response(body), to: question) == nil)
  }

  @Test func `an answer that isn't UTF-8 leaves it open`() {
    var body = Array(RecordedAnswers.ollamaVersion.utf8)
    body[3] = 0xff
    let broken = ControlResponse(status: 200, body: body)
    #expect(EngineFingerprints.recognise(broken, to: "/api/version") == nil)
  }

  @Test func `Ollama's version is read`() {
    let version = EngineFingerprints.ollamaVersion(response(RecordedAnswers.ollamaVersion))
    #expect(version?.description == "0.12.6")
    #expect(EngineFingerprints.ollamaVersion(response("")) == nil)
  }
}
