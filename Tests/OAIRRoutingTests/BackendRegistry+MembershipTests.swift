import OAIRRouting
import OAIRSys
import Testing

/// One engine, several sources.
struct BackendRegistryMembershipTests {
  private let clock = ManualClock()
  private let tables = PublishedTables()
  private let registry: BackendRegistry

  init() {
    var options = RegistryOptions()
    options.now = { [clock] in clock.now }
    registry = BackendRegistry(options: options) { [tables] in tables.append($0) }
  }

  private func list(_ models: [String]) async throws {
    // The second round lists what the first one has found to be up.
    for _ in 0..<2 {
      for order in await registry.takeProbes().orders {
        if order.checksHealth { await registry.apply(.succeeded, to: order) }
        guard order.listsModels else { continue }
        await registry.update(models: models.map { ModelDescription(id: $0) }, from: order)
      }
    }
  }

  /// Tables since `count` in which a model has nobody to serve it.
  private func gaps(_ model: String, since count: Int) -> Int {
    tables.all.dropFirst(count).count { table in
      table.entry(model).map { entry in
        table.candidates(entry).allSatisfy { !table.facts[Int($0)].state.isUsable }
      } ?? true
    }
  }

  @Test(arguments: Backend.Source.allCases, Backend.Source.allCases)
  func `of two sources the first in order counts, and the other takes over without a gap`(
    one: Backend.Source,
    other: Backend.Source
  ) async throws {
    await registry.register(.local("one", port: 1, source: one, kind: .auto))
    await registry.register(.local("other", port: 1, source: other, kind: .auto))
    try await list(["m"])
    let record = try #require(tables.newest.backends.first?.record)
    let first = one <= other ? "one" : "other"
    #expect(record.id == first && tables.newest.totalCount == 1)
    let count = tables.count
    await registry.unregister(id: first)
    let next = try #require(tables.newest.backends.first?.record)
    #expect(next.id == (first == "one" ? "other" : "one"))
    #expect(next.slot == record.slot && next.incarnation == record.incarnation)
    #expect(tables.newest.facts.map(\.state) == [.ready])
    #expect(gaps("m", since: count) == 0)
  }

  @Test(arguments: [1, 2] as [UInt16])
  func `who has lost its id to another source has it again when that one goes`(
    port: UInt16
  ) async throws {
    await registry.register(.local("a", port: 1, source: .file, kind: .auto))
    try await list(["m"])
    let outcome = await registry.register(.local("a", port: port, source: .admin, kind: .auto))
    #expect(outcome == .updated)
    try await list(["m"])
    // The file is read again: refused, but known.
    var changed = Backend.local("a", port: 1, source: .file, kind: .auto)
    changed.weight = 7
    guard case .refused = await registry.register(changed) else {
      Issue.record("the administrator's is replaced")
      return
    }
    #expect(await registry.setDraining(true, id: "a"))
    #expect(await registry.unregister(id: "a"))
    let record = try #require(tables.newest.backends.first?.record)
    #expect(record.id == "a" && record.weight == 7)
    #expect(tables.newest.facts.allSatisfy { $0.state != .draining })
    #expect(await registry.backend(id: "a")?.backend.source == .file)
    // Requests go there at once: it is taken to have the models that "a" had.
    #expect(tables.newest.entry("m") != nil && tables.newest.totalCount == 1)
    #expect(await registry.unregister(id: "a"))
    #expect(tables.newest.totalCount == 0)
    #expect(await !registry.unregister(id: "a"))
  }

  @Test func `an id that goes back at the same address leaves no gap`() async throws {
    await registry.register(.local("a", port: 1, source: .file, kind: .auto))
    await registry.register(.local("a", port: 1, source: .admin, kind: .auto))
    try await list(["m"])
    let count = tables.count
    #expect(await registry.unregister(id: "a"))
    #expect(tables.count > count && gaps("m", since: count) == 0)
    #expect(await registry.source(id: "a") == .file)
  }

  @Test func `who goes while another source has its id doesn't come back`() async throws {
    await registry.register(.local("a", port: 1, source: .docker, kind: .auto))
    await registry.register(.local("a", port: 2, source: .file, kind: .auto))
    await registry.register(.local("a", port: 3, source: .admin, kind: .auto))
    #expect(await !registry.unregister(id: "a", source: .file))
    #expect(await registry.unregister(id: "a", source: .admin))
    #expect(await registry.backend(id: "a")?.backend.source == .docker)
    await registry.register(.local("a", port: 3, source: .admin, kind: .auto))
    await registry.register(.local("a", port: 4, source: .admin, kind: .auto))
    let change = RegistryChange(
      health: HealthPolicy(),
      defaultBackend: nil,
      rewrites: ModelRewrites(),
      leaving: [("a", .docker)]
    )
    #expect(await registry.reconfigure(change).left == [])
    #expect(await registry.unregister(id: "a"))
    #expect(tables.newest.totalCount == 0)
  }

  @Test func `models that only the source that left had told stay until the engine is asked`()
    async throws
  {
    await registry.register(.local("flag", port: 1, models: ["m"], source: .flag))
    await registry.register(.local("docker", port: 1, source: .docker))
    try await list([])
    let count = tables.count
    await registry.unregister(id: "flag")
    #expect(tables.newest.candidateIDs("m") == ["docker"])
    #expect(gaps("m", since: count) == 0)
    try await list(["n"])
    #expect(tables.newest.candidateIDs("m") == nil)
    #expect(tables.newest.candidateIDs("n") == ["docker"])
  }

  @Test func `a new address is used at once, with the models of the old one`() async throws {
    await registry.register(.local("a", port: 1))
    try await list(["m"])
    let old = tables.newest.backends[0].record
    let count = tables.count
    await registry.register(.local("a", port: 2))
    let new = tables.newest.backends[0].record
    #expect(new.address == .loopback(port: 2) && new.incarnation != old.incarnation)
    #expect(tables.newest.candidateIDs("m") == ["a"])
    #expect(gaps("m", since: count) == 0)
    try await list(["n"])
    #expect(tables.newest.candidateIDs("m") == nil && tables.newest.candidateIDs("n") == ["a"])
  }

  @Test func `two hosts that one source names at one address are two engines`() async throws {
    func named(_ id: String, _ host: String, _ source: Backend.Source) throws -> Backend {
      Backend(
        id: id,
        endpoint: try Endpoint(url: "http://\(host)/", address: .ipv4(9, port: 80)),
        source: source
      )
    }
    #expect(await registry.register(try named("a", "vllm.example", .file)) == .registered)
    #expect(await registry.register(try named("b", "ollama.example", .file)) == .registered)
    #expect(tables.newest.backends.map(\.record.id) == ["a", "b"])
    // Registered again they stay what they are.
    #expect(await registry.register(try named("b", "ollama.example", .file)) == .updated)
    #expect(tables.newest.totalCount == 2)
    // The same host twice is one engine, and another source's name for the address as well.
    #expect(await registry.register(try named("c", "VLLM.example", .file)) == .merged(into: "a"))
    #expect(await registry.register(try named("d", "host.lan", .docker)) == .merged(into: "a"))
    let plain = Backend(id: "e", endpoint: Endpoint(address: .ipv4(9, port: 80)), source: .file)
    #expect(await registry.register(plain) == .merged(into: "a"))
    for id in ["a", "c", "d", "e"] { await registry.unregister(id: id) }
    #expect(tables.newest.backends.map(\.record.id) == ["b"])
    #expect(await registry.register(try named("b", "ollama.example", .file)) == .updated)
    #expect(tables.newest.totalCount == 1)
  }

  @Test func `a slot that is free rests, and signals of its former backend are dropped`() async {
    await registry.register(.local("a", port: 1))
    let record = tables.newest.backends[0].record
    await registry.unregister(id: "a")
    await registry.register(.local("b", port: 2))
    let signal = BackendSignal(
      slot: record.slot,
      incarnation: record.incarnation,
      sequence: 1,
      kind: .refused
    )
    await registry.apply(signals: [signal])
    #expect(tables.newest.state("b") == .unknown)
  }
}
