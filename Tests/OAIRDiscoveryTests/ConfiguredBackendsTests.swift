import OAIRRouting
import OAIRSys
import Synchronization
import Testing

@testable import OAIRDiscovery

/// What a control plane's configured backends become, with names that resolve when a test says so.
struct ConfiguredBackendsTests {
  private final class Names: Sendable {
    private let addresses = Mutex<[String: UInt32]>([:])
    subscript(name: String) -> UInt32? { addresses.withLock { $0[name] } }
    func set(_ name: String, _ address: UInt32?) { addresses.withLock { $0[name] = address } }
  }

  /// What was reported, but for what went well.
  private final class Told: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    func take(_ event: ControlPlaneEvent) {
      switch event {
      case .found(let backend, _, .refused(let reason)):
        lines.withLock { $0.append("\(backend.id): \(reason)") }
      case .troubled(_, let reason, let id): lines.withLock { $0.append("\(id ?? "-"): \(reason)") }
      case .recovered(_, let id): lines.withLock { $0.append("\(id): recovered") }
      default: break
      }
    }
  }

  private let names = Names()
  private let told = Told()
  private let tables: AsyncStream<RouteTable>
  private let registry: BackendRegistry
  private let configured: ConfiguredBackends

  init() throws {
    let (tables, continuation) = AsyncStream.makeStream(of: RouteTable.self)
    self.tables = tables
    registry = BackendRegistry(
      options: RegistryOptions(awaitedDiscoverers: [ConfiguredBackends.name])
    ) { continuation.yield($0) }
    configured = ConfiguredBackends(
      registry,
      try ControlClient(),
      own: OwnListeners([.loopback(port: 99)]),
      resolve: { [names] host, port in names[host].map { [.ipv4($0, port: port)] } ?? [] },
      retryPause: .milliseconds(20),
      report: { [told] in told.take($0) }
    )
  }

  private func backend(_ id: String, _ url: String, weight: Int = 1) throws -> ConfiguredBackend {
    try ConfiguredBackend(id: id, url: url, models: ["m-\(id)"], weight: weight)
  }

  private func replace(by backends: [ConfiguredBackend]) async -> RegistryChangeOutcome? {
    await configured.replace(
      ConfiguredBackends.Replacement(
        backends: backends,
        change: RegistryChange(
          health: HealthPolicy(),
          defaultBackend: nil,
          rewrites: ModelRewrites()
        ),
        prepare: {}
      )
    )
  }

  private func ids() async -> [String] { await registry.snapshot().map(\.backend.id) }

  /// For who waits for tables: one that took long to make holds the next one back, and only a
  /// registry that keeps time comes to that.
  private func startInTime(_ backends: [ConfiguredBackend]) async -> Task<Void, Never> {
    await registry.start()
    return await configured.start(backends)
  }

  private func table(where fits: (RouteTable) -> Bool) async -> RouteTable? {
    for await table in tables where fits(table) { return table }
    return nil
  }

  @Test(.timeLimit(.minutes(5)))
  func `backends are added, changed and taken away with one table`() async throws {
    let a = try backend("a", "http://10.0.0.1")
    let task = await configured.start([a, try backend("b", "http://10.0.0.2")])
    let former = await registry.table.generation
    let outcome = await replace(by: [
      a, try backend("b", "http://10.0.0.2", weight: 3), try backend("c", "http://10.0.0.3"),
    ])
    #expect(outcome?.arrived == [.updated, .registered])
    #expect(outcome?.generation == former + 1)
    #expect(await registry.backend(id: "b")?.backend.weight == 3)
    #expect(await replace(by: [a])?.left == ["b", "c"])
    #expect(await ids() == ["a"])
    // The same again changes nothing.
    let same = await replace(by: [a])
    #expect(same?.arrived == [] && same?.left == [])
    configured.stop()
    await task.value
    #expect(await replace(by: []) == nil)
  }

  @Test(.timeLimit(.minutes(5)))
  func `one that is configured by another source leaves no former form behind`() async throws {
    let task = await configured.start([try backend("a", "http://10.0.0.1")])
    let other = try ConfiguredBackend(id: "a", url: "http://10.0.0.2", source: .library)
    _ = await replace(by: [other])
    #expect(await registry.source(id: "a") == .library)
    _ = await replace(by: [])
    #expect(await ids() == [])
    configured.stop()
    await task.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `a name that is there comes with the same table, another one when it resolves`()
    async throws
  {
    let task = await startInTime([])
    names.set("early", 0x0a00_0001)
    let outcome = await replace(by: [
      try backend("a", "http://early:1"), try backend("b", "http://late:2"),
    ])
    #expect(outcome?.arrived == [.registered])
    #expect(await ids() == ["a"])
    names.set("late", 0x0a00_0002)
    _ = try #require(await table { $0.backends.map(\.record.id) == ["a", "b"] })
    configured.stop()
    await task.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `a named backend that gets another weight is never away`() async throws {
    names.set("gpu", 0x0a00_0001)
    let task = await startInTime([try backend("a", "http://gpu:1")])
    _ = try #require(await table { $0.backends.count == 1 && $0.isListed })
    let outcome = await replace(by: [try backend("a", "http://gpu:1", weight: 2)])
    #expect(outcome?.arrived == [.updated])
    // And one whose name is lost meanwhile stays where it was.
    names.set("gpu", nil)
    #expect(await replace(by: [try backend("a", "http://gpu:1", weight: 5)])?.arrived == [])
    #expect(await registry.backend(id: "a")?.backend.weight == 2)
    names.set("gpu", 0x0a00_0001)
    _ = try #require(await table { $0.backends.first?.record.weight == 5 })
    #expect(await replace(by: [])?.left == ["a"])
    // Told once: the name's own failed look says nothing else.
    let kept = "stays at 10.0.0.1:1, as it was configured before, until \"gpu\" has an address"
    #expect(told.all == ["a: \"a\" \(kept)", "a: recovered"])
    #expect(await ids() == [])
    configured.stop()
    await task.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `what has no address stays in trouble until it has one or is configured no more`()
    async throws
  {
    func trouble(_ id: String, _ host: String) -> String {
      "\(id): \"\(host)\" of backend \"\(id)\" has no address"
    }
    let (a, b) = (try backend("a", "http://gone:1"), try backend("b", "http://late:2"))
    let task = await startInTime([a, b])
    _ = try #require(await table { $0.isListed })
    #expect(told.all.sorted() == [trouble("a", "gone"), trouble("b", "late")])
    // An unrelated change of the configuration ends nothing.
    _ = await replace(by: [a, b, try backend("c", "http://10.0.0.3")])
    #expect(told.all.count == 2)
    names.set("late", 0x0a00_0002)
    _ = try #require(await table { $0.backends.contains { $0.record.id == "b" } })
    // In the same trouble with another weight; in another one with another name.
    _ = await replace(by: [try backend("a", "http://gone:1", weight: 2), b])
    #expect(told.all[2...] == ["b: recovered"])
    _ = await replace(by: [try backend("a", "http://lost:1"), b])
    while told.all.count < 4 { await Task.yield() }
    _ = await replace(by: [b])
    #expect(told.all[3...] == [trouble("a", "lost"), "a: recovered"])
    configured.stop()
    await task.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `a router isn't its own backend, whenever that is said`() async throws {
    let task = await configured.start([try backend("a", "http://127.0.0.1:99")])
    #expect(await replace(by: [try backend("b", "http://127.0.0.1:99")])?.arrived == [])
    #expect(await ids() == [])
    configured.stop()
    await task.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `a backend that is said to be this router isn't where it was before`() async throws {
    let task = await configured.start([try backend("a", "http://10.0.0.1")])
    let outcome = await replace(by: [try backend("a", "http://127.0.0.1:99")])
    #expect(outcome?.arrived == [] && outcome?.left == ["a"])
    #expect(await ids() == [])
    #expect(told.all == ["a: this router itself listens there"])
    configured.stop()
    await task.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `the first ones come with one table`() async throws {
    let backends = try (1...50).map { try backend("a\($0)", "http://10.0.0.\($0)") }
    let former = await registry.table.generation
    let task = await configured.start(backends)
    // One with all of them, and one at most because everything is listed.
    #expect(await registry.table.generation <= former + 2)
    #expect(await ids().count == 50)
    configured.stop()
    await task.value
  }

  @Test(.timeLimit(.minutes(5)))
  func `thousands may change their names, and what had no room comes when there is some`()
    async throws
  {
    let most = RoutingLimits.backends
    func backends(_ prefix: String, _ count: Int) throws -> [ConfiguredBackend] {
      try (1...count).map { try backend("\(prefix)\($0)", "http://10.0.\($0 / 256).\($0 % 256)") }
    }
    await registry.start()
    let task = await startInTime(try backends("a", most))
    let renamed = try backends("b", most)
    let outcome = await replace(by: renamed)
    #expect(outcome?.arrived.count == most && outcome?.left.count == most)
    #expect(await Set(ids()) == Set(renamed.map(\.id)))
    #expect(told.all == [])

    // Others have taken the places.
    _ = await replace(by: Array(renamed.dropLast(2)))
    let others = try ["x", "y"].map { try #require(backend($0, "http://10.9.9.9:1").backend) }
    _ = await registry.register(contentsOf: others)
    let full = await replace(by: renamed)
    let refusal = "there are \(most) backends already"
    #expect(full?.arrived == [.refused(refusal), .refused(refusal)])
    // Offered with the next change, too.
    #expect(await replace(by: renamed)?.arrived.count == 2)
    #expect(told.all.count == 2)
    #expect(await registry.unregister(id: "x"))
    _ = try #require(await table { $0.backends.contains { $0.record.id == "b\(most - 1)" } })
    #expect(await registry.unregister(id: "y"))
    _ = try #require(await table { $0.backends.contains { $0.record.id == "b\(most)" } })
    #expect(told.all.count == 2)
    configured.stop()
    await task.value
  }
}
