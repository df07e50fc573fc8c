import OAIRRouting
import Testing

struct RouteTableTests {
  private func table(_ members: [RouteMember], remembered: [String] = []) -> RouteTable {
    RouteTable(generation: 1, members: members, rememberedModels: remembered, isListed: true)
  }

  private func models(_ names: String...) -> [ModelDescription] {
    names.map { ModelDescription(id: $0) }
  }

  @Test func `the empty table knows nothing and isn't listed`() {
    let table = RouteTable.empty
    #expect(table.entry("m") == nil)
    #expect(!table.isListed && table.slotCount == 0 && table.totalCount == 0)
    #expect(table.onlyModel == nil && table.defaultBackend == nil && table.facts.isEmpty)
    #expect(text(table.modelsBody) == #"{"object":"list","data":[]}"#)
  }

  @Test func `candidates are all backends that have the model, in id order, whatever their state`()
  {
    let table = table([
      .make("c", slot: 0, state: .down, models: models("m")),
      .make("a", slot: 5, state: .loading, models: models("x", "m")),
      .make("b", slot: 1, models: models("y")),
      .make("d", slot: 2, state: .suspect, models: models("m")),
    ])
    #expect(table.backends.map(\.record.id) == ["a", "b", "c", "d"])
    #expect(table.candidateIDs("m") == ["a", "c", "d"])
    #expect(table.candidateIDs("x") == ["a"])
    #expect(table.candidateIDs("y") == ["b"])
    #expect(table.candidateIDs("z") == nil)
    #expect(table.slotCount == 6)
    #expect(table.facts.map(\.slot) == [5, 1, 0, 2])
    #expect(table.facts.map(\.state) == [.loading, .ready, .down, .suspect])
  }

  @Test func `spellings with and without the default tag are one model`() throws {
    let table = table([
      .make("a", slot: 0, models: models("llama3.2:latest", "llama3.2")),
      .make("b", slot: 1, models: models("llama3.2")),
    ])
    #expect(table.candidateIDs("llama3.2") == ["a", "b"])
    #expect(table.candidateIDs("llama3.2:latest") == ["a", "b"])
    #expect(table.candidateIDs("llama3.2:8b") == nil)
    let entry = try #require(table.entry("llama3.2"))
    #expect(text(table.modelName(entry)) == "llama3.2:latest")
    #expect(table.entryCount == 1 && table.onlyModel == entry)
  }

  @Test func `a remembered model is known and has no candidates`() throws {
    let table = table([.make("a", models: models("m"))], remembered: ["gone", "m"])
    let entry = try #require(table.entry("gone:latest"))
    #expect(table.candidates(entry).isEmpty)
    #expect(table.modelBody(entry).isEmpty)
    #expect(table.candidateIDs("m") == ["a"])
    #expect(table.modelCount == 1 && table.entryCount == 2)
    // It doesn't hide that there is only one model to choose from.
    #expect(table.onlyModel == table.entry("m"))
  }

  @Test func `there is no only model among several`() {
    #expect(table([.make("a", models: models("m", "n"))]).onlyModel == nil)
    #expect(table([.make("a")]).onlyModel == nil)
    #expect(table([], remembered: ["m"]).onlyModel == 0)
  }

  @Test(arguments: BackendState.allCases)
  func `a model is listed unless all its backends are down or draining`(state: BackendState) {
    let listed = state != .down && state != .draining
    let alone = table([.make("a", state: state, models: models("m"))])
    #expect(alone.modelCount == (listed ? 1 : 0))
    #expect(alone.modelBody(0).isEmpty != listed)
    let helped = table([
      .make("a", slot: 0, state: state, models: models("m")),
      .make("b", slot: 1, state: .ready, models: models("m")),
    ])
    #expect(helped.modelCount == 1)
    #expect(helped.healthyCount == (state == .ready ? 2 : 1))
  }

  @Test func `the default backend is found by its id`() {
    let members: [RouteMember] = [.make("b", slot: 1), .make("a", slot: 0)]
    let table = RouteTable(
      generation: 7,
      members: members,
      defaultBackend: "b",
      isListed: false
    )
    #expect(table.defaultBackend == 1)
    #expect(table.generation == 7 && !table.isListed)
    let without = RouteTable(
      generation: 7,
      members: members,
      defaultBackend: "c",
      isListed: false
    )
    #expect(without.defaultBackend == nil)
  }

  @Test func `near names come nearest first and are bounded`() {
    let table = table([
      .make(
        "a",
        models: models("llama3.1", "llama3.2:latest", "qwen2.5-coder", "mistral", "llama3.22")
      )
    ])
    #expect(table.nearNames("llama3.3") == ["llama3.1", "llama3.2:latest", "llama3.22"])
    #expect(table.nearNames("llama3.3", limit: 1) == ["llama3.1"])
    #expect(table.nearNames("qwen2.5") == ["qwen2.5-coder"])
    #expect(table.nearNames("zzz") == [])
    #expect(table.nearNames("") == [])
    #expect(table.nearNames("Mistral:latest") == ["mistral"])
  }

  @Test func `lists and near names leave out what isn't to be seen`() throws {
    let table = table([.make("a", models: models("team-a:latest", "team-b", "other-a"))])
    let isTeams = { (name: UnsafeRawBufferPointer) in name.starts(with: Array("team-".utf8)) }
    let list = String(decoding: table.body(of: .models, where: isTeams), as: UTF8.self)
    #expect(list.contains("team-a:latest") && list.contains("team-b") && !list.contains("other"))
    #expect(table.body(of: .tags) { _ in true } == table.tagsBody)
    #expect(table.nearNames("her-a") == ["other-a"])
    #expect(table.nearNames("her-a", where: isTeams) == [])
  }

  @Test func `a model that can't be served isn't proposed`() {
    let table = table([.make("a", state: .down, models: models("llama"))], remembered: ["llame"])
    #expect(table.nearNames("llamb") == [])
  }
}
