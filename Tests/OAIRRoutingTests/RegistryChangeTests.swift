import OAIRRouting
import Synchronization
import Testing

struct RegistryChangeTests {
  private let clock = ManualClock()
  private let tables = PublishedTables()
  private let registry: BackendRegistry

  init() {
    // The first probe after one that succeeds falls anywhere within the interval.
    var options = RegistryOptions(health: HealthPolicy(interval: .seconds(3600)))
    options.now = { [clock] in clock.now }
    registry = BackendRegistry(options: options) { [tables] in tables.append($0) }
  }

  private func change(
    health: HealthPolicy = HealthPolicy(),
    arriving: [Backend] = [],
    leaving: [(id: String, source: Backend.Source)] = []
  ) -> RegistryChange {
    RegistryChange(
      health: health,
      defaultBackend: "b",
      rewrites: ModelRewrites(aliases: ["gpt": "m"]),
      arriving: arriving,
      leaving: leaving
    )
  }

  @Test func `a change is one table, whatever it changes`() async {
    await registry.register(.local("a", port: 1, models: ["l"]))
    let former = tables.newest.generation
    let outcome = await registry.reconfigure(
      change(
        arriving: [.local("b", port: 2, models: ["m"]), .local("c", port: 3, models: ["n"])],
        leaving: [("a", .library), ("nobody", .library)]
      )
    )
    #expect(outcome.arrived == [.registered, .registered])
    #expect(outcome.left == ["a"])
    #expect(outcome.generation == former + 1)
    let table = tables.newest
    #expect(table.generation == former + 1)
    #expect(table.backends.map(\.record.id) == ["b", "c"])
    #expect(table.defaultBackend == 0)
    #expect(table.candidateIDs("gpt") == ["b"])
  }

  @Test func `an engine that changes its id keeps its slot and its models`() async {
    await registry.register(.local("a", port: 1, models: ["m"]))
    let former = tables.newest.backends[0].record
    await registry.reconfigure(
      change(arriving: [.local("b", port: 1, models: ["m"])], leaving: [("a", .library)])
    )
    let now = tables.newest.backends.map(\.record)
    #expect(now.map(\.id) == ["b"])
    #expect(now.map(\.incarnation) == [former.incarnation])
    #expect(tables.newest.candidateIDs("m") == ["b"])
  }

  @Test func `those that come get the places of those that go, and no others`() async {
    let most = RoutingLimits.backends
    let former = (1...most).map { Backend.local("a\($0)", port: UInt16($0)) }
    await registry.register(contentsOf: former)
    let renamed = (1...most).map { Backend.local("b\($0)", port: UInt16(10_000 + $0)) }
    let outcome = await registry.reconfigure(
      change(
        arriving: renamed + [.local("more", port: 9)],
        // Twice, from somebody else, and unknown: none of them makes a place.
        leaving: former.map { ($0.id, .library) } + [
          ("a1", .library), ("a2", .file), ("nobody", .library),
        ]
      )
    )
    #expect(outcome.arrived.dropLast().allSatisfy { $0 == .registered })
    #expect(outcome.arrived.last == .refused("there are \(most) backends already"))
    #expect(outcome.left.count == most)
    let ids = await registry.snapshot().map(\.backend.id)
    #expect(Set(ids) == Set(renamed.map(\.id)))
  }

  @Test func `one whose id goes back to another source makes no place`() async {
    let most = RoutingLimits.backends
    await registry.register(contentsOf: (2...most).map { .local("a\($0)", port: UInt16($0)) })
    await registry.register(.local("a1", port: 1, source: .docker))
    await registry.register(.local("a1", port: 1, source: .file))
    let outcome = await registry.reconfigure(
      change(arriving: [.local("more", port: 9)], leaving: [("a1", .file)])
    )
    #expect(outcome.arrived == [.refused("there are \(most) backends already")])
    #expect(await registry.backend(id: "a1")?.backend.source == .docker)
    #expect(tables.newest.totalCount == most)
  }

  @Test func `what another source has told of stays`() async {
    await registry.register(.local("a", port: 1, models: ["m"], source: .admin))
    let outcome = await registry.reconfigure(change(leaving: [("a", .file)]))
    #expect(outcome.left.isEmpty)
    #expect(tables.newest.backends.map(\.record.id) == ["a"])
  }

  @Test func `preparation comes right before the table, on its queue`() async {
    let order = Mutex<[String]>([])
    let registry = BackendRegistry { table in
      order.withLock { $0.append("table \(table.generation)") }
    }
    await registry.register(.local("a", port: 1))
    await registry.reconfigure(change()) { order.withLock { $0.append("prepared") } }
    #expect(order.withLock { $0 } == ["table 1", "prepared", "table 2"])
  }

  @Test func `a table is published although the one before isn't paid off`() async {
    // Making a table seems to take a second each.
    let time = Mutex<UInt64>(0)
    var options = RegistryOptions()
    options.now = {
      time.withLock { time in
        time += 1_000_000_000
        return time
      }
    }
    let registry = BackendRegistry(options: options) { [tables] in tables.append($0) }
    await registry.register(.local("a", port: 1))
    let generation = await registry.reconfigure(change()).generation
    #expect(tables.newest.generation == generation)
    #expect(await registry.reconfigure(change()).generation == generation + 1)
  }

  @Test func `a shorter interval holds for probes that were planned before`() async throws {
    await registry.start { _ in }
    await registry.register(.local("a", port: 1, models: ["m"]))
    let order = ProbeOrder(
      backend: .local("a", port: 1),
      slot: 0,
      incarnation: try #require(tables.newest.backends.first).record.incarnation,
      checksHealth: true,
      listsModels: false,
      timeout: 1
    )
    await registry.apply(.succeeded, to: order)
    let planned = try #require(await registry.backend(id: "a")).nextProbe
    #expect(planned > .seconds(1))
    await registry.reconfigure(change(health: HealthPolicy(interval: .milliseconds(200))))
    let now = try #require(await registry.backend(id: "a")).nextProbe
    #expect(now <= .milliseconds(200))
    await registry.stop()
  }

  @Test func `probes of a fleet aren't due together under a shorter interval`() async throws {
    await registry.start { _ in }
    let fleet = (1...100).map { Backend.local("a\($0)", port: UInt16($0), models: ["m"]) }
    await registry.register(contentsOf: fleet)
    for member in tables.newest.backends {
      let order = ProbeOrder(
        backend: .local(member.record.id, port: 1),
        slot: Int(member.record.slot),
        incarnation: member.record.incarnation,
        checksHealth: true,
        listsModels: false,
        timeout: 1
      )
      await registry.apply(.succeeded, to: order)
    }
    await registry.reconfigure(change(health: HealthPolicy(interval: .seconds(10))))
    let due = await registry.snapshot().map(\.nextProbe)
    let early = due.count { $0 < .seconds(5) }
    // Anywhere within the interval: 100 throws of a coin.
    #expect((20...80).contains(early))
    #expect(due.allSatisfy { $0 >= .milliseconds(100) && $0 <= .seconds(10) })
    await registry.stop()
  }
}
