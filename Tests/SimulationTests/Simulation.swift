import OAIRReactor
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

  /// Runs a seed.
  ///
  /// - Parameter saboteur: makes a fault that the oracle must see; its clients don't leave early:
  ///   nobody sees what those would have got.
  static func run(
    seed: UInt64,
    exchanges: Int,
    choices: Choices = Choices(),
    echoes: Bool = false,
    saboteur: Saboteur? = nil
  ) throws -> Outcome {
    let world = SimulatedWorld(
      seed: seed,
      exchangeCount: exchanges,
      choices: choices,
      echoes: echoes,
      saboteur: saboteur
    )
    let outbox = SignalOutbox {}
    var registry = SimulatedRegistry(world)
    var proxy = Proxy(
      kernel: SimulatedKernel(network: world.network),
      options: world.profile.options,
      connections: world.profile.connections,
      outbox: outbox,
      seed: seed
    )
    try proxy.listen(onDescriptor: world.listenerDescriptor, at: .ipv4(0, port: 80))
    proxy.adopt(registry.table())
    while !world.network.isExhausted, world.network.ticks < tickLimit,
      world.network.violations.isEmpty
    {
      if world.takesDrain() { proxy.beginDrain() }
      guard proxy.runTick() else { break }
      judgeQueues(proxy, world)
      judgePlaces(&proxy, world)
      if registry.take(outbox.take()) { world.network.schedule(after: 1) {} }
      if let table = registry.due() {
        // As when the configuration is read anew: what is under way keeps what it has pinned.
        proxy.adopt(world.profile.options)
        proxy.adopt(table)
      }
    }
    world.network.require(world.network.ticks < tickLimit, "the run doesn't end")
    if saboteur?.takesOccasion(for: .leavesReserved) == true { _ = proxy.ledger.reserve(1, .small) }
    if world.network.violations.isEmpty {
      judge(proxy, world)
      _ = consume proxy
      judgeDescriptors(world.network)
      world.network.runOut()
      world.judgeTheEnd()
    }
    world.tearDown()
    var outcome = Outcome(violations: world.network.violations, counts: world.counts)
    if !outcome.violations.isEmpty { outcome.trace = world.network.trace.lines() }
    return outcome
  }

  /// What waits for clients is bounded, at every moment: by the mark above which nothing more is
  /// read, and what one read, a head and a frame add to it.
  private static func judgeQueues(
    _ proxy: borrowing Proxy<SimulatedKernel>,
    _ world: SimulatedWorld
  ) {
    let bound = world.profile.options.limits.writeQueue + world.queueSlack
    for slot in 0..<proxy.downstreams.touched {
      guard let downstream = proxy.downstreams.occupant(ofSlot: slot) else { continue }
      let count = proxy.downstreams[downstream].output.count
      world.network.require(count <= bound, "\(count) bytes wait for one client")
    }
  }

  /// Nobody waits for a place while there is one, and no backend has more than it may.
  private static func judgePlaces(
    _ proxy: inout Proxy<SimulatedKernel>,
    _ world: SimulatedWorld
  ) {
    guard world.profile.maxInFlight > 0 else { return }
    for slot in 0..<proxy.slots.capacity {
      let count = Int(proxy.slots.inFlight[slot])
      world.network.require(
        count <= world.profile.maxInFlight,
        "slot \(slot) has \(count) requests in flight"
      )
    }
    world.counts.waits = Int(proxy.counters.queueWaits)
    for lane in proxy.queue.lanesByTurn {
      var next = proxy.queue.first(of: lane)
      while let ticket = next {
        next = proxy.queue.next(after: ticket)
        let downstream = proxy.queue.exchange(ticket)
        guard proxy.downstreams.contains(downstream) else {
          world.network.fail("a client that has left still waits")
          continue
        }
        let choice = proxy.candidateChoice(downstream)
        world.network.require(choice == .full, "somebody waits for nothing: \(choice)")
      }
    }
  }

  /// The router after its work: nothing is left over.
  private static func judge(_ proxy: borrowing Proxy<SimulatedKernel>, _ world: SimulatedWorld) {
    let network = world.network
    if let time = world.drainTime {
      // What outlives the drain gets its end, and time to take it.
      let bound = world.profile.options.timeouts.drain + world.profile.options.timeouts.write
      network.require(time <= bound + .seconds(2), "the drain lasted \(time)")
    }
    network.require(proxy.isStopped == world.isDraining, "stopped without a drain, or never")
    network.require(proxy.connectionCount == 0, "\(proxy.connectionCount) clients are left")
    // A drain waits neither for idle connections to age nor for the framing behind the last event
    // of a client that has gone; nothing works on one then.
    let left = world.isDraining ? proxy.idleCount + proxy.leftoverConnections : 0
    network.require(proxy.upstreamCount == left, "\(proxy.upstreamCount) upstreams are left")
    network.require(proxy.queue.isEmpty, "\(proxy.queue.count) requests still wait for a place")
    network.require(proxy.heldBodyBytes == 0, "\(proxy.heldBodyBytes) bytes are still reserved")
    if proxy.counters.retryBudgetLimit == 0 {
      for text in world.unlessBudgetSpent { network.fail(text) }
    }
    for slot in 0..<proxy.slots.capacity {
      network.require(proxy.slots.inFlight[slot] == 0, "slot \(slot) has requests in flight")
      network.require(
        world.isDraining || proxy.slots[slot].idleCount == 0,
        "slot \(slot) counts idle connections that aren't there"
      )
    }
    network.require(
      world.isDraining || network.openCount == 1,
      "\(network.openCount - 1) descriptors are left"
    )
  }

  /// With the router its last descriptors go: the listener, and idle connections after a drain.
  private static func judgeDescriptors(_ network: SimulatedNetwork) {
    network.require(network.openCount == 0, "\(network.openCount) descriptors outlive the router")
    network.require(network.opened == network.closed, "descriptors closed twice or never")
  }
}

extension Proxy {
  /// Idle connections to backends, as their accounts count them.
  fileprivate var idleCount: Int {
    (0..<slots.capacity).reduce(0) { $0 + slots[$1].idleCount }
  }

  /// Connections on which only what nobody waits for is still to come.
  fileprivate var leftoverConnections: Int {
    (0..<upstreams.touched).count { slot in
      upstreams.occupant(ofSlot: slot).map { upstreams[$0].phase == .leftover } ?? false
    }
  }
}
