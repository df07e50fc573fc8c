@testable import OAIRProxy
@testable import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRouter

struct AdminRenderingTests {
  @Test func `a backend without a report has no requests`() {
    let snapshot = BackendSnapshot(
      backend: Backend(
        id: "a",
        kind: .ollama,
        endpoint: Endpoint(address: .unix("/s")),
        models: [ModelDescription(id: "m\u{1b}")],
        priority: 1,
        source: .docker
      ),
      state: .down,
      stateAge: .milliseconds(1500),
      lastError: "refused \"it\"",
      isDraining: true,
      mergedIDs: ["b"],
      slot: 0,
      incarnation: 1,
      isListed: true,
      nextProbe: .milliseconds(90)
    )
    let text = String(decoding: AdminRendering.backend(snapshot, nil), as: UTF8.self)
    #expect(
      text
        == #"{"id":"a","url":"unix:/s","address":"unix:/s","type":"ollama","version":null,"#
        + #""source":"docker","#
        + #""state":"down","state_age_ms":1500,"draining":true,"reason":"refused \"it\"","#
        + #""next_probe_ms":90,"in_flight":0,"idle_connections":0,"models":["m\u001b"],"#
        + #""models_known":true,"weight":1,"priority":1,"max_in_flight":0,"#
        + #""on_disconnect":"abort","also_known_as":["b"]}"#
    )
  }

  @Test func `an explanation without a candidate says what is answered`() {
    var explanation = RouteExplanation()
    explanation.refusal = .init(status: 404, code: "model_not_found", message: "no")
    let text = String(
      decoding: AdminRendering.explanation(explanation, path: "/x"),
      as: UTF8.self
    )
    #expect(
      text
        == #"{"path":"/x","model":null,"served_model":null,"chosen":null,"decided_by":null,"#
        + #""waits":false,"candidates":[],"#
        + #""refusal":{"status":404,"code":"model_not_found","message":"no"}}"#
    )
  }
}
