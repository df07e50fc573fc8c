import OAIRRouting
import OAIRSys
import Testing

struct BackendRegistryHealthTests {
  private let clock = ManualClock()
  private let tables = PublishedTables()
  private let registry: BackendRegistry

  init() {
    var options = RegistryOptions()
    options.now = { [clock] in clock.now }
    registry = BackendRegistry(options: options) { [tables] in tables.append($0) }
  }

  private func order(_ id: String) async -> ProbeOrder? {
    clock.advance(.seconds(6))
    return await registry.takeProbes().orders.first { $0.backend.id == id }
  }

  private func add(_ ids: String..., models: [String] = ["m"]) async {
    for (index, id) in ids.enumerated() {
      await registry.register(.local(id, port: UInt16(index + 1), models: models))
    }
    for order in await registry.takeProbes().orders {
      await registry.apply(.succeeded, to: order)
    }
    #expect(tables.newest.facts.allSatisfy { $0.state == .ready })
  }

  private func signals(_ id: String, _ kinds: [BackendSignal.Kind]) -> [BackendSignal] {
    guard let record = tables.newest.backends.first(where: { $0.record.id == id })?.record else {
      return []
    }
    return kinds.enumerated().map {
      BackendSignal(
        slot: record.slot,
        incarnation: record.incarnation,
        sequence: UInt64($0.offset + 1),
        kind: $0.element
      )
    }
  }

  // MARK: - Probes and listings

  @Test func `a new backend is probed at once, and listed once it answers`() async throws {
    await registry.register(.local("a", port: 1))
    let first = await registry.takeProbes()
    let probe = try #require(first.orders.first)
    #expect(first.orders.count == 1)
    #expect(probe.checksHealth && !probe.listsModels && probe.timeout == 2_000_000_000)
    #expect(await registry.takeProbes().orders.isEmpty)

    await registry.apply(.succeeded, to: probe, kind: .vllm)
    #expect(tables.newest.state("a") == .ready)
    let listing = try #require(await registry.takeProbes().orders.first)
    #expect(!listing.checksHealth && listing.listsModels)
    #expect(await registry.takeProbes().orders.isEmpty)

    await registry.update(models: [ModelDescription(id: "m", raw: [0x7b, 0x7d])], from: listing)
    #expect(tables.newest.candidateIDs("m") == ["a"])
    #expect(text(tables.newest.modelsBody) == #"{"object":"list","data":[{}]}"#)
    #expect(await registry.takeProbes().orders.isEmpty)
    clock.advance(.seconds(30))
    let later = try #require(await registry.takeProbes().orders.first)
    #expect(later.checksHealth && later.listsModels)
  }

  @Test func `a kind that wasn't known is taken from the probe, a given one stays`() async throws {
    await registry.register(.local("a", port: 1, kind: .auto))
    await registry.register(.local("b", port: 2, kind: .sglang))
    for order in await registry.takeProbes().orders {
      await registry.apply(.succeeded, to: order, kind: .vllm)
    }
    #expect(tables.newest.backends.map(\.record.kind) == [.vllm, .sglang])
    #expect(await registry.snapshot().map(\.backend.kind) == [.vllm, .sglang])
  }

  @Test func `an engine that was found out is found out again after it was down`() async throws {
    await registry.register(.local("a", port: 1, kind: .auto))
    await registry.apply(.succeeded, to: try #require(await order("a")), kind: .vllm)
    let known = try #require(await order("a"))
    #expect(known.backend.kind == .vllm)
    await registry.apply(.failed(.refused), to: known)
    let unknown = try #require(await order("a"))
    #expect(unknown.backend.kind == .auto)
    // People are still told what it was.
    #expect(await registry.snapshot().map(\.backend.kind) == [.vllm])
    await registry.apply(.succeeded, to: unknown, kind: .ollama)
    #expect(tables.newest.backends[0].record.kind == .ollama)
  }

  @Test func `listings that fail are tried less and less often`() async throws {
    await registry.register(.local("a", port: 1))
    await registry.apply(.succeeded, to: try #require(await registry.takeProbes().orders.first))
    var waits: [Int] = []
    for _ in 0..<7 {
      var wait = 0
      while true {
        let round = await registry.takeProbes().orders
        for order in round where order.checksHealth { await registry.apply(.succeeded, to: order) }
        if let listing = round.first(where: \.listsModels) {
          await registry.update(models: nil, from: listing)
          break
        }
        wait += 1
        clock.advance(.seconds(1))
      }
      waits.append(wait)
    }
    #expect(waits == [0, 1, 2, 4, 8, 16, 30])
  }

  @Test func `what is wrong with a list is told until there is another word on it`() async throws {
    await registry.register(.local("a", port: 1))
    await registry.apply(.succeeded, to: try #require(await order("a")))
    let listing = try #require(await registry.takeProbes().orders.first)
    await registry.update(models: nil, trouble: .status(401), from: listing)
    let told = tables.newest.backends[0].lastError
    #expect(told?.contains("401") == true)
    // Nobody has said anything: this side had no descriptor, or the time was over.
    await registry.update(models: nil, from: listing)
    #expect(tables.newest.backends[0].lastError == told)
    await registry.update(models: nil, trouble: .noList, from: listing)
    #expect(tables.newest.backends[0].lastError?.contains("no list") == true)
    await registry.update(models: [], from: listing)
    #expect(tables.newest.backends[0].lastError == nil)
  }

  @Test func `a listing that failed keeps what is known and is tried again soon`() async throws {
    await registry.register(.local("a", port: 1))
    await registry.apply(.succeeded, to: try #require(await order("a")))
    let listing = try #require(await registry.takeProbes().orders.first)
    await registry.update(models: [ModelDescription(id: "m")], from: listing)
    clock.advance(.seconds(31))
    let again = try #require(await registry.takeProbes().orders.first)
    #expect(again.listsModels)
    await registry.update(models: nil, from: again)
    await registry.apply(.succeeded, to: again)
    #expect(tables.newest.candidateIDs("m") == ["a"])
    clock.advance(.seconds(1))
    let retry = try #require(await registry.takeProbes().orders.first)
    #expect(retry.listsModels && !retry.checksHealth)
  }

  @Test func `a backend with a fixed list is never asked for it`() async throws {
    await add("a")
    await registry.update(models: [ModelDescription(id: "other")], for: "a")
    #expect(tables.newest.candidateIDs("other") == nil)
    clock.advance(.seconds(100))
    for order in await registry.takeProbes().orders { #expect(!order.listsModels) }
  }

  @Test func `a backend that returns is listed again`() async throws {
    await registry.register(.local("a", port: 1))
    await registry.apply(.succeeded, to: try #require(await order("a")))
    let both = try #require(await order("a"))
    await registry.update(models: [], from: both)
    await registry.apply(.failed(.refused), to: both)
    let probe = try #require(await order("a"))
    #expect(!probe.listsModels)
    await registry.apply(.succeeded, to: probe)
    let listing = try #require(await registry.takeProbes().orders.first)
    #expect(listing.listsModels)
  }

  @Test func `a probe whose report never comes is lost after seven seconds`() async {
    await registry.register(.local("a", port: 1))
    #expect(await registry.takeProbes().orders.count == 1)
    clock.advance(.milliseconds(6_999))
    #expect(await registry.takeProbes().orders.isEmpty)
    clock.advance(.milliseconds(1))
    #expect(await registry.takeProbes().orders.count == 1)
  }

  @Test func `reports for a predecessor are dropped`() async throws {
    await registry.register(.local("a", port: 1))
    let old = try #require(await order("a"))
    await registry.unregister(id: "a")
    await registry.register(.local("a", port: 1))
    await registry.apply(.failed(.refused), to: old)
    await registry.update(models: [ModelDescription(id: "m")], from: old)
    #expect(tables.newest.state("a") == .unknown)
    #expect(tables.newest.candidateIDs("m") == nil)
  }

  @Test func `what doesn't change anything publishes nothing`() async throws {
    await add("a")
    let count = tables.count
    for _ in 0..<3 { await registry.apply(.succeeded, to: try #require(await order("a"))) }
    await registry.apply(signals: signals("a", [.success, .bytesSeen, .statusFailure(404)]))
    await registry.update(models: [], for: "nobody")
    await registry.advance()
    #expect(tables.count == count)
  }

  @Test func `models beyond the bounds are left out`() async {
    await registry.register(.local("a", port: 1))
    var models = [
      ModelDescription(id: ""), ModelDescription(id: String(repeating: "x", count: 513)),
    ]
    for number in 0...RoutingLimits.modelsPerBackend {
      models.append(ModelDescription(id: "m\(number)"))
    }
    await registry.update(models: models, for: "a")
    #expect(tables.newest.entryCount == RoutingLimits.modelsPerBackend)
  }

  // MARK: - Signals

  @Test func `a refusal is confirmed with its sequence, and a probe follows`() async throws {
    await add("a", "b")
    var refusals = signals("a", [.refused])
    refusals[0].sequence = 17
    await registry.apply(signals: refusals)
    #expect(tables.newest.state("a") == .down && tables.newest.state("b") == .ready)
    #expect(tables.newest.backends[0].acknowledgedSignal == 17)
    #expect(tables.newest.facts[0].acknowledgedSignal == 17)
    #expect(tables.newest.backends[0].lastError != nil)
    // Down already: the table changes all the same, for the reactor that waits for the number.
    let count = tables.count
    refusals[0].sequence = 18
    await registry.apply(signals: refusals)
    #expect(tables.count == count + 1)
    #expect(tables.newest.backends[0].acknowledgedSignal == 18)
    clock.advance(.milliseconds(100))
    // The other one's first probe may fall on this moment, too.
    #expect(await registry.takeProbes().orders.map(\.backend.id).contains("a"))
  }

  @Test func `signals of an old incarnation or a wrong slot are dropped`() async throws {
    await add("a")
    var stale = signals("a", [.refused, .refused])
    stale[0].incarnation += 1
    stale[1].slot += 1
    await registry.apply(signals: stale)
    #expect(tables.newest.state("a") == .ready)
    #expect(tables.newest.backends[0].acknowledgedSignal == 0)
  }

  @Test func `failures make suspect for five seconds, and the registry ends it`() async throws {
    await add("a", "b")
    let failures = Array(repeating: BackendSignal.Kind.statusFailure(500), count: 5)
    await registry.apply(signals: signals("a", failures))
    #expect(tables.newest.state("a") == .suspect)
    clock.advance(.seconds(5))
    await registry.advance()
    #expect(tables.newest.state("a") == .ready)
  }

  @Test func `the last candidate is never suspect, nor more than half of them`() async throws {
    await add("a", "b", "c", "d")
    let failures = Array(repeating: BackendSignal.Kind.statusFailure(500), count: 5)
    // One batch: consent goes by the states of the moment, not by the last table.
    await registry.apply(
      signals: ["a", "b", "c", "d"].flatMap { signals($0, failures) }
    )
    #expect(tables.newest.facts.map(\.state) == [.suspect, .suspect, .ready, .ready])
    // A fact needs no consent.
    await registry.apply(
      signals: ["a", "b", "c", "d"].flatMap { signals($0, [.refused]) }
    )
    #expect(tables.newest.facts.allSatisfy { $0.state == .down })
  }

  @Test func `with one of two down the other can't become suspect`() async throws {
    await add("a", "b")
    await registry.apply(signals: signals("a", [.refused]))
    let failures = Array(repeating: BackendSignal.Kind.statusFailure(500), count: 10)
    await registry.apply(signals: signals("b", failures))
    #expect(tables.newest.state("b") == .ready)
  }

  // MARK: - Drain and death

  @Test func `draining is told to the table and can be taken back`() async throws {
    await add("a")
    await registry.setDraining(true, id: "a")
    #expect(tables.newest.state("a") == .draining)
    #expect(tables.newest.modelCount == 0)
    await registry.setDraining(false, id: "a")
    #expect(tables.newest.state("a") == .ready)
  }

  @Test func `a drain holds through probes and a new address, not through being unregistered`()
    async throws
  {
    await add("a")
    #expect(await registry.setDraining(true, id: "a"))
    let order = try #require(await order("a"))
    await registry.apply(.succeeded, to: order)
    #expect(tables.newest.state("a") == .draining)
    await registry.register(.local("a", port: 9))
    #expect(tables.newest.state("a") == .draining)
    #expect(await registry.snapshot().map(\.isDraining) == [true])
    await registry.unregister(id: "a")
    await registry.register(.local("a", port: 9))
    #expect(tables.newest.state("a") == .unknown)
  }

  @Test func `nobody can be drained who isn't there`() async {
    #expect(await !registry.setDraining(true, id: "a"))
  }

  @Test func `a snapshot tells when the next probe is due`() async throws {
    await add("a")
    let due = try #require(await registry.snapshot().first?.nextProbe)
    #expect(due >= .milliseconds(100) && due <= .seconds(5))
    clock.advance(.seconds(10))
    _ = await registry.takeProbes()
    #expect(await registry.snapshot().map(\.nextProbe) == [.zero])
  }

  @Test func `a backend whose container died is down until it answers`() async throws {
    await add("a")
    await registry.markGone(id: "a")
    #expect(tables.newest.state("a") == .down)
    await registry.apply(.succeeded, to: try #require(await order("a")))
    #expect(tables.newest.state("a") == .ready)
  }

  @Test func `a probe can be asked for`() async throws {
    await add("a")
    clock.advance(.milliseconds(100))
    #expect(await registry.takeProbes().orders.isEmpty)
    await registry.requestProbe(id: "a")
    #expect(await registry.takeProbes().orders.map(\.checksHealth) == [true])
  }

  // MARK: - Memory, versions, fleets

  @Test func `what an Ollama has in memory is told, until it is down`() async throws {
    await registry.register(.local("a", port: 1, kind: .ollama))
    let probe = try #require(await order("a"))
    await registry.apply(.succeeded, to: probe, version: EngineVersion("0.12.6"))
    let listing = try #require(await registry.takeProbes().orders.first)
    let models = ["m:latest", "n"].map { ModelDescription(id: $0) }
    await registry.update(models: models, from: listing)
    #expect(await registry.backend(id: "a")?.backend.models.map(\.isLoaded) == [nil, nil])
    var resident = ModelDescription(id: "m")
    resident.process = Array("{}".utf8)
    await registry.update(residents: [resident], from: probe)
    #expect(await registry.backend(id: "a")?.backend.models.map(\.isLoaded) == [true, false])
    #expect(text(tables.newest.processesBody) == #"{"models":[{}]}"#)
    #expect(text(tables.newest.versionBody) == #"{"version":"0.12.6"}"#)
    let count = tables.count
    // Nothing new, and nothing found out.
    await registry.update(residents: [resident], from: probe)
    await registry.update(residents: nil, from: probe)
    #expect(tables.count == count)
    await registry.apply(signals: signals("a", [.refused]))
    #expect(await registry.backend(id: "a")?.backend.models.map(\.isLoaded) == [nil, nil])
    #expect(await registry.backend(id: "a")?.version == nil)
  }

  @Test func `a list that tells what is loaded is read more often`() async throws {
    await registry.register(.local("a", port: 1))
    await registry.apply(.succeeded, to: try #require(await order("a")))
    for _ in 0..<3 {
      clock.advance(.milliseconds(5_500))
      let orders = await registry.takeProbes().orders
      let order = try #require(orders.first { $0.listsModels })
      if order.checksHealth { await registry.apply(.succeeded, to: order) }
      await registry.update(models: [ModelDescription(id: "m", isLoaded: false)], from: order)
    }
  }

  @Test func `backends that came up together are neither probed nor listed together`() async {
    let fleet = 500
    await registry.register(
      contentsOf: (0..<fleet).map {
        Backend(
          id: "b\($0)",
          kind: .vllm,
          endpoint: Endpoint(address: .ipv4(UInt32($0), port: 80))
        )
      }
    )
    // A minute in steps of 100 ms, answers within the step; the first two seconds belong to the
    // start.
    var perStep: [Int] = []
    for _ in 0..<620 {
      var requests = 0
      for order in await registry.takeProbes().orders {
        requests += (order.checksHealth ? 1 : 0) + (order.listsModels ? 1 : 0)
        if order.checksHealth { await registry.apply(.succeeded, to: order) }
        if order.listsModels { await registry.update(models: [], from: order) }
      }
      perStep.append(requests)
      clock.advance(.milliseconds(100))
    }
    let steady = perStep.dropFirst(20)
    let mean = Double(steady.reduce(0, +)) / Double(steady.count)
    // A probe in 5 s and a listing in 30 s each.
    #expect((10...14).contains(mean))
    #expect(Double(steady.max() ?? 0) <= 3 * mean)
  }
}
