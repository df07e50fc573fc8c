import OAIRRouting
import OAIRSys
import Synchronization
import Testing

struct BackendRegistryTests {
  private let clock = ManualClock()
  private let tables = PublishedTables()

  private func registry(
    awaited: Set<String> = [],
    defaultBackend: String? = nil
  ) -> BackendRegistry {
    var options = RegistryOptions(defaultBackend: defaultBackend, awaitedDiscoverers: awaited)
    options.now = { [clock] in clock.now }
    options.unixTime = { 1_795_332_341 }
    return BackendRegistry(options: options) { [tables] in tables.append($0) }
  }

  @Test func `a registered backend is in the next table`() async {
    let registry = registry(defaultBackend: "a")
    let outcome = await registry.register(.local("a", port: 1, models: ["m"]))
    #expect(outcome == .registered)
    let table = tables.newest
    #expect(table.candidateIDs("m") == ["a"])
    #expect(table.state("a") == .unknown)
    #expect(table.defaultBackend == 0)
    #expect(
      text(table.modelBody(0))
        == #"{"id":"m","object":"model","created":1795332341,"owned_by":"generic"}"#
    )
  }

  @Test func `generations grow with each table`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1))
    let first = tables.newest.generation
    await registry.register(.local("b", port: 2))
    #expect(tables.newest.generation == first + 1)
  }

  @Test(arguments: ["", "a b", "a\n", "ü", String(repeating: "x", count: 129)])
  func `an id that can't stand in a header field is refused`(id: String) async {
    let registry = registry()
    guard case .refused(let reason) = await registry.register(.local(id, port: 1)) else {
      Issue.record("accepted")
      return
    }
    #expect(reason.contains("128"))
    #expect(tables.count == 0)
  }

  @Test func `registering an id again updates it: same slot at the same address`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1, models: ["m"]))
    let old = tables.newest.backends[0].record
    var changed = Backend.local("a", port: 1, models: ["n"])
    changed.weight = 4
    #expect(await registry.register(changed) == .updated)
    let new = tables.newest.backends[0].record
    #expect(new.slot == old.slot && new.incarnation == old.incarnation && new.weight == 4)
    #expect(tables.newest.candidateIDs("n") == ["a"])
    #expect(tables.newest.candidateIDs("m") == nil)
  }

  @Test func `at another address it is another backend, with another slot`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1))
    let old = tables.newest.backends[0].record
    #expect(await registry.register(.local("a", port: 2)) == .updated)
    let new = tables.newest.backends[0].record
    #expect(tables.newest.totalCount == 1)
    #expect(new.slot != old.slot && new.incarnation > old.incarnation)
  }

  @Test func `an engine that several sources see is one backend, under the first source's id`()
    async
  {
    let registry = registry()
    await registry.register(.local("scan", port: 1, source: .portScan, kind: .ollama))
    let slot = tables.newest.backends[0].record.slot
    #expect(!tables.newest.backends[0].record.forwardsAuthorization)
    let flag = Backend.local("flag", port: 1, source: .flag, kind: .auto)
    #expect(await registry.register(flag) == .registered)
    #expect(
      await registry.register(.local("docker", port: 1, source: .docker)) == .merged(into: "flag")
    )
    #expect(tables.newest.backends.map(\.record.id) == ["flag"])
    let record = tables.newest.backends[0].record
    #expect(record.slot == slot && record.forwardsAuthorization)
    // The first source that knows the engine says which it is.
    #expect(record.kind == .generic)
    #expect(await registry.snapshot().map(\.mergedIDs) == [["docker", "scan"]])
    #expect(await registry.unregister(id: "flag"))
    #expect(tables.newest.backends.map(\.record.id) == ["docker"])
    #expect(await registry.unregister(id: "docker"))
    #expect(await registry.unregister(id: "scan"))
    #expect(tables.newest.totalCount == 0)
  }

  @Test func `a default backend that is known under another id stays the default`() async {
    let registry = registry(defaultBackend: "docker")
    await registry.register(.local("flag", port: 1, source: .flag))
    #expect(tables.newest.defaultBackend == nil)
    await registry.register(.local("docker", port: 1, source: .docker))
    #expect(tables.newest.backends.map(\.record.id) == ["flag"])
    #expect(tables.newest.defaultBackend == 0)
  }

  @Test func `a table tells which backends never told their models`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1, models: ["m"]))
    await registry.register(.local("b", port: 2))
    #expect(tables.newest.unlistedBackends == ["b"])
    await registry.update(models: [], for: "b")
    #expect(tables.newest.unlistedBackends.isEmpty)
  }

  @Test func `different prefixes at one address are different engines`() async throws {
    let registry = registry()
    await registry.register(Backend(id: "a", endpoint: try Endpoint(url: "http://10.0.0.1/a")))
    await registry.register(Backend(id: "b", endpoint: try Endpoint(url: "http://10.0.0.1/b")))
    #expect(tables.newest.totalCount == 2)
  }

  @Test func `a lesser source can't take an id over, a better one can`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1, source: .file))
    guard case .refused = await registry.register(.local("a", port: 2, source: .docker)) else {
      Issue.record("accepted")
      return
    }
    #expect(tables.newest.backends[0].record.address == .loopback(port: 1))
    #expect(await registry.register(.local("a", port: 3, source: .flag)) == .updated)
    #expect(tables.newest.backends[0].record.address == .loopback(port: 3))
  }

  @Test func `there is a bound for backends`() async {
    let registry = registry()
    let many = (0..<RoutingLimits.backends).map {
      Backend(id: "b\($0)", endpoint: Endpoint(address: .ipv4(UInt32($0), port: 1)))
    }
    let outcomes = await registry.register(contentsOf: many)
    #expect(outcomes.allSatisfy { $0 == .registered })
    #expect(tables.count == 1)
    guard case .refused = await registry.register(.local("one-more", port: 1)) else {
      Issue.record("accepted")
      return
    }
    #expect(tables.newest.totalCount == RoutingLimits.backends)
  }

  @Test func `a model stays known for ten minutes after its last backend went away`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1, models: ["m:latest", "n"]))
    await registry.register(.local("b", port: 2, models: ["n"]))
    await registry.unregister(id: "a")
    #expect(tables.newest.candidateIDs("m") == [])
    #expect(tables.newest.candidateIDs("n") == ["b"])
    clock.advance(.seconds(599))
    await registry.advance()
    #expect(tables.newest.candidateIDs("m") == [])
    clock.advance(.seconds(1))
    await registry.advance()
    #expect(tables.newest.candidateIDs("m") == nil)
  }

  @Test func `a model that its backend no longer lists is unknown at once`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1))
    await registry.update(models: [ModelDescription(id: "m")], for: "a")
    #expect(tables.newest.candidateIDs("m") == ["a"])
    await registry.update(models: [], for: "a")
    #expect(tables.newest.candidateIDs("m") == nil)
  }

  @Test func `a source takes away only its own registration`() async {
    let registry = registry()
    await registry.register(.local("a", port: 1, source: .file))
    #expect(await !registry.unregister(id: "a", source: .docker))
    #expect(tables.newest.totalCount == 1)
    #expect(await registry.unregister(id: "a", source: .file))
    #expect(tables.newest.totalCount == 0)
  }

  @Test func `unregistering what isn't there changes nothing`() async {
    let registry = registry()
    #expect(await !registry.unregister(id: "a"))
    #expect(tables.count == 0)
  }

  // MARK: - The first listing

  @Test func `the table counts as listed when each backend has listed or is down`() async throws {
    let registry = registry()
    await registry.register(.local("a", port: 1))
    await registry.register(.local("b", port: 2))
    #expect(!tables.newest.isListed)
    await registry.update(models: [], for: "a")
    #expect(!tables.newest.isListed)
    let order = try #require(
      await registry.takeProbes().orders.first { $0.backend.id == "b" }
    )
    await registry.apply(.failed(.loading), to: order)
    #expect(!tables.newest.isListed)
    await registry.apply(.failed(.refused), to: order)
    #expect(tables.newest.isListed)
    await registry.register(.local("c", port: 3))
    #expect(tables.newest.isListed)
  }

  @Test func `it counts as listed after five seconds in any case`() async {
    let registry = registry(awaited: ["docker"])
    await registry.register(.local("a", port: 1))
    clock.advance(.milliseconds(4_999))
    await registry.advance()
    #expect(!tables.newest.isListed)
    clock.advance(.milliseconds(1))
    await registry.advance()
    #expect(tables.newest.isListed)
  }

  @Test func `a discoverer's first result is waited for`() async {
    let registry = registry(awaited: ["docker"])
    await registry.register(.local("a", port: 1, models: ["m"]))
    #expect(!tables.newest.isListed)
    await registry.discoveryListed("dns")
    #expect(!tables.newest.isListed)
    await registry.discoveryListed("docker")
    #expect(tables.newest.isListed)
  }

  // MARK: - Running

  @Test func `a running registry sends orders by itself, and none once stopped`() async throws {
    let (orders, continuation) = AsyncStream.makeStream(of: ProbeOrder.self)
    let registry = BackendRegistry(
      options: RegistryOptions(health: HealthPolicy(interval: .milliseconds(100)))
    ) { _ in }
    await registry.start { for order in $0 { continuation.yield(order) } }
    await registry.register(.local("a", port: 1))
    var count = 0
    for await order in orders {
      #expect(order.backend.id == "a")
      count += 1
      // The second and third come by the timer.
      if count == 3 { break }
      if order.checksHealth { await registry.apply(.succeeded, to: order) }
      if order.listsModels { await registry.update(models: [], from: order) }
    }
    #expect(count == 3)
    await registry.stop()
    #expect(await registry.table.isListed)
  }

  // MARK: - Costs

  @Test func `tables that take long to make are held back, and none is lost`() async throws {
    let clock = clock
    var options = RegistryOptions()
    let isSlow = Mutex(false)
    options.now = {
      // A table takes two readings of the clock, and everything else at least one.
      if isSlow.withLock({ $0 }) { clock.advance(.milliseconds(5)) }
      return clock.now
    }
    let registry = BackendRegistry(options: options) { [tables] in tables.append($0) }
    await registry.register(.local("a", port: 1))
    #expect(tables.count == 1)
    isSlow.withLock { $0 = true }
    for number in 0..<50 {
      await registry.update(models: [ModelDescription(id: "m\(number)")], for: "a")
    }
    let count = tables.count
    #expect(count < 40)
    // Somebody who waits for it gets it at once, and only if there is anything new.
    await registry.update(models: [ModelDescription(id: "n")], for: "a")
    await registry.publishNow()
    #expect(tables.newest.candidateIDs("n") == ["a"])
    let generation = tables.newest.generation
    await registry.publishNow()
    #expect(tables.newest.generation == generation)
    await registry.update(models: [ModelDescription(id: "m49")], for: "a")
    clock.advance(.seconds(1))
    await registry.advance()
    #expect(tables.newest.candidateIDs("m49") == ["a"])
  }
}
