import OAIRRouting
import OAIRSys

@testable import OAIRProxy

/// One run: the real data plane on the simulated network, until nothing happens any more.
enum Simulation {
  /// What came out.
  struct Outcome {
    var violations: [String] = []
    var counts = SimulatedWorld.Counts()
    var trace: [String] = []
  }

  /// LIMIT: a run that turns more often than this doesn't end.
  private static let tickLimit = 2_000_000

  static func run(seed: UInt64, exchanges: Int, echoes: Bool = false) throws -> Outcome {
    let world = SimulatedWorld(seed: seed, exchangeCount: exchanges, echoes: echoes)
    let outbox = SignalOutbox {}
    var registry = SimulatedRegistry(world.profile)
    var proxy = Proxy(
      kernel: SimulatedKernel(network: world.network),
      options: world.profile.options,
      connections: world.profile.connections,
      outbox: outbox,
      seed: seed
    )
    try proxy.listen(onDescriptor: world.listenerDescriptor)
    proxy.adopt(registry.table())
    while !world.network.isExhausted, world.network.ticks < tickLimit,
      world.network.violations.isEmpty
    {
      _ = proxy.runTick()
      if registry.take(outbox.take(), at: world.network.now) { world.network.schedule(after: 1) {} }
      if let table = registry.due(at: world.network.now) { proxy.adopt(table) }
      if let next = registry.next, next > world.network.now, !registry.isPlanned {
        registry.isPlanned = true
        world.network.schedule(at: next) {}
      }
    }
    world.network.require(world.network.ticks < tickLimit, "the run doesn't end")
    if world.network.violations.isEmpty {
      world.judgeTheEnd()
      judge(proxy, world.network)
    }
    world.tearDown()
    var outcome = Outcome(violations: world.network.violations, counts: world.counts)
    if !outcome.violations.isEmpty { outcome.trace = world.network.trace.lines() }
    return outcome
  }

  /// The router after its work: nothing is left over.
  private static func judge(_ proxy: borrowing Proxy<SimulatedKernel>, _ network: SimulatedNetwork)
  {
    network.require(proxy.connectionCount == 0, "\(proxy.connectionCount) clients are left")
    network.require(proxy.upstreamCount == 0, "\(proxy.upstreamCount) backend connections are left")
    network.require(proxy.heldBodyBytes == 0, "\(proxy.heldBodyBytes) bytes are still reserved")
    for slot in 0..<proxy.slots.capacity {
      network.require(proxy.slots.inFlight[slot] == 0, "slot \(slot) has requests in flight")
    }
    network.require(network.openCount == 1, "\(network.openCount - 1) descriptors are left")
    network.require(network.opened - network.closed == 1, "descriptors closed twice or never")
  }
}

/// Stands in for the registry: acknowledges signals a while later, as probes that succeed would.
struct SimulatedRegistry {
  private let backends: Int
  private let models: Int
  private var generation: UInt64 = 0
  private var acknowledged: [Int: UInt64] = [:]
  /// When the next table is due.
  private(set) var next: UInt64?
  var isPlanned = false

  init(_ profile: Profile) {
    backends = profile.backends
    models = profile.models
  }

  /// - Returns: true when there was something new.
  mutating func take(_ signals: [BackendSignal], at now: UInt64) -> Bool {
    for signal in signals {
      acknowledged[signal.slot] = max(acknowledged[signal.slot] ?? 0, signal.sequence)
    }
    if !signals.isEmpty, next == nil {
      next = now + 100_000_000
      isPlanned = false
    }
    return !signals.isEmpty
  }

  mutating func due(at now: UInt64) -> RouteTable? {
    guard let next, next <= now else { return nil }
    self.next = nil
    return table()
  }

  mutating func table() -> RouteTable {
    generation += 1
    let members = (0..<backends).map { index in
      let address = SimulatedWorld.address(index)
      // Model 0 is everywhere; the others on some.
      let served = (0..<models).filter { $0 == 0 || ($0 + index) % 2 == 0 || backends == 1 }
      let backend = Backend(
        id: "b\(index)",
        kind: .generic,
        endpoint: Endpoint(address: address),
        models: served.map { ModelDescription(id: "m\($0)") }
      )
      let record = BackendRecord(backend, slot: index, incarnation: UInt64(index + 1))
      return RouteMember(
        backend: RouteBackend(
          record: record,
          state: .ready,
          acknowledgedSignal: acknowledged[index] ?? 0
        ),
        models: backend.models
      )
    }
    return RouteTable(generation: generation, members: members, isListed: true)
  }
}
