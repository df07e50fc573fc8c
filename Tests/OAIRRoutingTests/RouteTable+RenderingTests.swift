import OAIRRouting
import Testing

struct RouteTableRenderingTests {
  private func table(_ members: [RouteMember]) -> RouteTable {
    RouteTable(generation: 1, members: members, isListed: true)
  }

  @Test(arguments: [
    ([], #"{"status":"ok","backends_total":0,"backends_healthy":0,"models_available":0}"#),
    (
      [BackendState.ready, .ready],
      #"{"status":"ok","backends_total":2,"backends_healthy":2,"models_available":2}"#
    ),
    (
      [.ready, .down],
      #"{"status":"ok","backends_total":2,"backends_healthy":1,"models_available":1}"#
    ),
    (
      [.down, .loading],
      #"{"status":"degraded","backends_total":2,"backends_healthy":0,"models_available":1}"#
    ),
  ])
  func `health tells totals, and degraded when nothing is healthy`(
    states: [BackendState],
    body: String
  ) {
    let members = states.enumerated().map { slot, state in
      RouteMember.make("b\(slot)", slot: slot, state: state, models: [.init(id: "m\(slot)")])
    }
    #expect(text(table(members).healthBody) == body)
  }

  @Test func `a backend's own object is kept byte for byte, the first backend's counts`() throws {
    let first = #"{"id": "m", "max_model_len":512,"x":1e400}"#
    let second = #"{"id":"m","max_model_len":8}"#
    let table = table([
      .make("b", slot: 0, models: [ModelDescription(id: "m", raw: Array(second.utf8))]),
      .make("a", slot: 1, models: [ModelDescription(id: "m", raw: Array(first.utf8))]),
    ])
    #expect(text(table.modelsBody) == #"{"object":"list","data":["# + first + "]}")
    let entry = try #require(table.entry("m"))
    #expect(text(table.modelBody(entry)) == first)
  }

  @Test func `Ollama's list has the models that are listed, with every field that is required`() {
    let table = table([
      .make("a", slot: 0, models: [.init(id: "m:latest")], registeredAt: 1_795_332_341),
      .make("b", slot: 1, state: .down, models: [.init(id: "n")]),
    ])
    #expect(
      text(table.tagsBody)
        == #"{"models":[{"name":"m:latest","model":"m:latest","#
        + #""modified_at":"2026-11-22T07:25:41Z","size":0,"digest":"","details":{"#
        + #""parent_model":"","format":"","family":"","parameter_size":"","#
        + #""quantization_level":"","families":[]}}]}"#
    )
  }

  @Test func `a model without an object gets the fields that clients require`() {
    let table = table([
      .make(
        "a",
        slot: 0,
        models: [.init(id: #"org/"m""#)],
        kind: .vllm,
        registeredAt: 1_795_332_341
      ),
      .make("b", slot: 1, models: [.init(id: "n")], kind: .auto, registeredAt: 5),
    ])
    #expect(
      text(table.modelsBody)
        == #"{"object":"list","data":[{"id":"org/\"m\"","object":"model","created":1795332341,"#
        + #""owned_by":"vllm"},{"id":"n","object":"model","created":5,"owned_by":"generic"}]}"#
    )
  }
}
