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

  private let names = Names()
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
      report: { _ in }
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
  func `a name that is there comes with the same table, another one when it resolves`()
    async throws
  {
    let task = await configured.start([])
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
    let task = await configured.start([try backend("a", "http://gpu:1")])
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
    #expect(await ids() == [])
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
}
