import OAIRRouting
import OAIRSys
import Testing

struct BackendRegistryQueriesTests {
  private let clock = ManualClock()
  private let tables = PublishedTables()
  private let registry: BackendRegistry

  init() {
    var options = RegistryOptions()
    options.now = { [clock] in clock.now }
    registry = BackendRegistry(options: options) { [tables] in tables.append($0) }
  }

  private func up(_ id: String) async throws {
    let orders = await registry.takeProbes().orders
    let order = try #require(orders.first { $0.backend.id == id })
    await registry.apply(.succeeded, to: order)
  }

  @Test func `a backend is found by its id, and by one that was merged into it`() async {
    await registry.register(.local("a", port: 1, models: ["m"], source: .flag))
    await registry.register(.local("b", port: 1, source: .docker))
    #expect(await registry.backend(id: "a")?.backend.id == "a")
    #expect(await registry.backend(id: "b")?.backend.id == "a")
    #expect(await registry.backend(id: "b")?.mergedIDs == ["b"])
    #expect(await registry.backend(id: "c") == nil)
  }

  @Test func `backends are found by a model, whatever its spelling and their states`() async {
    await registry.register(.local("b", port: 2, models: ["m:latest", "n"]))
    await registry.register(.local("a", port: 1, models: ["m"]))
    await registry.markGone(id: "a")
    #expect(await registry.backends(model: "m").map(\.backend.id) == ["a", "b"])
    #expect(await registry.backends(model: "m:latest").map(\.state) == [.down, .unknown])
    #expect(await registry.backends(model: "n").map(\.backend.id) == ["b"])
    #expect(await registry.backends(model: "x").isEmpty)
  }

  @Test func `backends and models are counted`() async throws {
    await registry.register(.local("a", port: 1, models: ["m", "n"]))
    await registry.register(.local("b", port: 2, models: ["n", "o"]))
    await registry.register(.local("c", port: 3, models: ["p"]))
    try await up("a")
    await registry.markGone(id: "b")
    await registry.unregister(id: "c")
    let counts = await registry.counts()
    #expect(counts.backends == 2 && counts.states == [.ready: 1, .down: 1])
    #expect(counts.ready == 1 && counts.usable == 1)
    #expect(counts.models == 2 && counts.rememberedModels == 1)
  }

  @Test func `a refresh asks for health and models ahead of their time`() async throws {
    await registry.register(.local("a", port: 1))
    await registry.register(.local("b", port: 2))
    for _ in 0..<3 {
      for order in await registry.takeProbes().orders {
        if order.checksHealth { await registry.apply(.succeeded, to: order) }
        if order.listsModels { await registry.update(models: [], from: order) }
      }
      clock.advance(.milliseconds(100))
    }
    #expect(await registry.refresh(id: "nobody") == 0)
    #expect(await registry.refresh(id: "a") == 1)
    let one = await registry.takeProbes().orders
    #expect(one.contains { $0.backend.id == "a" && $0.checksHealth && $0.listsModels })
    #expect(!one.contains { $0.backend.id == "b" && $0.listsModels })
    #expect(await registry.refresh() == 2)
    let rest = await registry.takeProbes().orders
    #expect(rest.contains { $0.backend.id == "b" && $0.listsModels })
  }

  // MARK: - Events

  /// What happens during `body`.
  private func events(_ body: () async throws -> Void) async rethrows -> [RegistryEvent] {
    let stream = await registry.events()
    try await body()
    await registry.stop()
    return await stream.reduce(into: []) { $0.append($1) }
  }

  @Test func `events tell what comes, changes and goes`() async throws {
    let events = try await events {
      await registry.register(.local("a", port: 1, kind: .auto))
      let order = try #require(await registry.takeProbes().orders.first)
      await registry.apply(.succeeded, to: order, kind: .vllm)
      let models = ["m", "n"].map { ModelDescription(id: $0) }
      await registry.update(models: models, for: "a")
      await registry.update(models: models.reversed(), for: "a")
      await registry.update(models: [ModelDescription(id: "o"), models[1]], for: "a")
      await registry.setDraining(true, id: "a")
      await registry.setDraining(false, id: "a")
      await registry.markGone(id: "a")
      await registry.unregister(id: "a")
      await registry.unregister(id: "a")
    }
    #expect(
      events == [
        .added(id: "a"),
        .updated(id: "a"),
        .stateChanged(id: "a", from: .unknown, to: .ready, reason: nil),
        .modelsChanged(id: "a", added: ["m", "n"], removed: []),
        .modelsChanged(id: "a", added: ["o"], removed: ["m"]),
        .stateChanged(id: "a", from: .ready, to: .draining, reason: nil),
        .stateChanged(id: "a", from: .draining, to: .ready, reason: nil),
        .stateChanged(id: "a", from: .ready, to: .down, reason: "it went away"),
        .removed(id: "a"),
      ]
    )
  }

  @Test func `events tell of an engine that goes when its id returns to another one`() async {
    await registry.register(.local("b", port: 1, source: .library))
    await registry.register(.local("a", port: 1, source: .file))
    await registry.register(.local("a", port: 2, source: .admin))
    let events = await events {
      #expect(await registry.unregister(id: "a"))
      #expect(await registry.source(id: "a") == .file)
      #expect(await registry.backend(id: "a")?.backend.id == "b")
    }
    #expect(events.contains(.removed(id: "a")), "\(events)")
  }

  @Test func `events tell when another source's id counts`() async {
    let events = await events {
      await registry.register(.local("scan", port: 1, models: ["m"], source: .portScan))
      await registry.register(.local("flag", port: 1, source: .flag))
      await registry.unregister(id: "flag")
      var moved = Backend.local("scan", port: 2, source: .portScan)
      moved.models = []
      await registry.register(moved)
    }
    #expect(
      events == [
        .added(id: "scan"), .renamed(id: "scan", to: "flag"), .renamed(id: "flag", to: "scan"),
        .updated(id: "scan"),
      ]
    )
  }

  @Test func `a reader that is too slow learns how much it has missed`() async {
    let stream = await registry.events()
    let count = RoutingLimits.waitingEvents + 6
    for number in 0..<count / 2 {
      await registry.register(.local("a", port: UInt16(number + 1)))
      await registry.unregister(id: "a")
    }
    var iterator = stream.makeAsyncIterator()
    for _ in 0..<RoutingLimits.waitingEvents { _ = await iterator.next() }
    await registry.register(.local("b", port: 1))
    #expect(await iterator.next() == .missed(6))
    #expect(await iterator.next() == .added(id: "b"))
  }

  @Test func `each reader gets all events, and one that leaves isn't waited for`() async {
    let first = await registry.events()
    var second: AsyncStream<RegistryEvent>? = await registry.events()
    #expect(second != nil)
    await registry.register(.local("a", port: 1))
    second = nil
    await registry.register(.local("b", port: 2))
    await registry.stop()
    let events = await first.reduce(into: []) { $0.append($1) }
    #expect(events == [.added(id: "a"), .added(id: "b")])
  }
}
