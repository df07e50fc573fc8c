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

  @Test func `a backend that can be used describes a model before one that can't`() throws {
    func model(_ raw: String?) -> [ModelDescription] {
      [ModelDescription(id: "m", raw: raw.map { Array($0.utf8) })]
    }
    let objects = (0..<4).map { #"{"id":"m","x":\#($0)}"# }
    let all = [
      RouteMember.make("a", slot: 0, state: .down, models: model(objects[0])),
      .make("b", slot: 1, state: .ready, models: model(nil)),
      .make("c", slot: 2, state: .suspect, models: model(objects[2])),
      .make("d", slot: 3, state: .ready, models: model(objects[3])),
    ]
    func body(_ members: [RouteMember]) throws -> String {
      let table = table(members)
      return text(table.modelsBody)
    }
    #expect(try body(all).contains(objects[2]))
    #expect(try body(Array(all.prefix(2))).contains(#""owned_by":"generic""#))
    #expect(try body([all[0]]) == #"{"object":"list","data":[]}"#)
    let entry = try #require(table(all).entry("m"))
    #expect(table(all).candidates(entry).count == 4)
  }

  @Test func `Ollama's own objects stand in its lists byte for byte`() {
    var model = ModelDescription(id: "m:latest", isLoaded: true)
    model.tag = Array(#"{"name":"m:latest","size":5}"#.utf8)
    model.process = Array(#"{"name":"m:latest","size_vram":5}"#.utf8)
    let table = table([.make("a", models: [model], kind: .ollama)])
    #expect(text(table.tagsBody) == #"{"models":[{"name":"m:latest","size":5}]}"#)
    #expect(text(table.processesBody) == #"{"models":[{"name":"m:latest","size_vram":5}]}"#)
  }

  @Test(arguments: [
    (Backend.Kind.ollama, Bool?.none, BackendState.ready, false), (.ollama, false, .ready, false),
    (.ollama, true, .ready, true), (.ollama, true, .suspect, true), (.ollama, true, .down, false),
    (.vllm, nil, .ready, true), (.vllm, nil, .draining, false), (.sglang, nil, .ready, true),
    (.llamaCpp, nil, .ready, true), (.llamaCpp, false, .ready, false),
    (.llamaCpp, nil, .loading, false), (.generic, nil, .ready, false),
  ])
  func `what is in memory is listed as running`(
    kind: Backend.Kind,
    isLoaded: Bool?,
    state: BackendState,
    isRunning: Bool
  ) {
    let model = ModelDescription(id: "m", isLoaded: isLoaded)
    let table = table([.make("a", state: state, models: [model], kind: kind)])
    let body = text(table.processesBody)
    #expect(body.contains(#""name":"m","model":"m""#) == isRunning)
    #expect(body.contains("expires_at") == isRunning)
    #expect(isRunning || body == #"{"models":[]}"#)
  }

  @Test func `a model runs where one of its backends has it in memory`() {
    let cold = ModelDescription(id: "m", isLoaded: false)
    var warm = ModelDescription(id: "m:latest", isLoaded: true)
    warm.process = Array(#"{"name":"m:latest"}"#.utf8)
    let table = table([
      .make("a", slot: 0, models: [cold], kind: .ollama),
      .make("b", slot: 1, models: [warm], kind: .ollama),
    ])
    #expect(text(table.processesBody) == #"{"models":[{"name":"m:latest"}]}"#)
  }

  @Test func `the version is the lowest of the Ollamas', or the documented one`() {
    #expect(
      text(table([.make("a", kind: .vllm, version: "0.1")]).versionBody)
        == #"{"version":"\#(RoutingLimits.ollamaVersion)"}"#
    )
    let fleet = table([
      .make("a", slot: 0, kind: .ollama, version: "0.13.0"),
      .make("b", slot: 1, kind: .ollama, version: "0.9.6"),
      .make("c", slot: 2, kind: .ollama),
      .make("d", slot: 3, kind: .vllm, version: "0.1"),
    ])
    #expect(text(fleet.versionBody) == #"{"version":"0.9.6"}"#)
  }
}
