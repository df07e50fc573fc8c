import OAIRRouting
import OAIRSys

/// Stands in for the registry and for who starts and stops inference servers: makes the tables,
/// changes the fleet as the seed says, and acknowledges signals a while later, as probes that
/// succeed would.
struct SimulatedRegistry {
  /// One backend as the tables show it.
  struct Member {
    let id: String
    /// The server behind it, and its address.
    var server: Int
    var slot: Int
    var incarnation: UInt64
    var models: Set<Int>
    var state = BackendState.ready
  }

  private unowned let world: SimulatedWorld
  private var members: [Member] = []
  private var generation: UInt64 = 0
  private var incarnations: UInt64 = 0
  private var freeSlots: [Int] = []
  private var slotCount = 0
  /// The highest signal of each incarnation that was taken.
  private var acknowledged: [UInt64: UInt64] = [:]
  /// When changes are due, latest first.
  private var changes: [UInt64] = []
  private var acknowledgement: UInt64?
  /// Someone has planned the next table's time.
  private var planned: UInt64 = 0

  init(_ world: SimulatedWorld) {
    self.world = world
    for index in 0..<world.profile.backends { join("b\(index)", index) }
    let now = world.network.now
    changes = (0..<world.profile.tableChanges)
      .map { _ in now + UInt64(world.network.random.within(0...world.profile.span)) * 1000 }
      .sorted(by: >)
    plan()
  }

  /// - Returns: true when there was something new.
  mutating func take(_ signals: [BackendSignal]) -> Bool {
    for signal in signals {
      acknowledged[signal.incarnation] = max(
        acknowledged[signal.incarnation] ?? 0,
        signal.sequence
      )
    }
    if !signals.isEmpty, acknowledgement == nil {
      acknowledgement = world.network.now + 100_000_000
      plan()
    }
    return !signals.isEmpty
  }

  /// The table of this moment, when one is due.
  mutating func due() -> RouteTable? {
    let now = world.network.now
    var isDue = false
    if let time = acknowledgement, time <= now {
      acknowledgement = nil
      isDue = true
    }
    while let time = changes.last, time <= now {
      changes.removeLast()
      change()
      isDue = true
    }
    plan()
    return isDue ? table() : nil
  }

  /// Sees to it that the world turns when the next table is due.
  private mutating func plan() {
    let next = min(acknowledgement ?? .max, changes.last ?? .max)
    guard next != .max, next != planned else { return }
    planned = next
    world.network.schedule(at: next) {}
  }

  mutating func table() -> RouteTable {
    generation += 1
    world.noteTable(members)
    let shown = members.map { member in
      let backend = Backend(
        id: member.id,
        kind: .generic,
        endpoint: Endpoint(address: SimulatedWorld.address(member.server)),
        models: member.models.sorted().map { ModelDescription(id: "m\($0)") },
        maxInFlight: world.profile.maxInFlight
      )
      let record = BackendRecord(backend, slot: member.slot, incarnation: member.incarnation)
      return RouteMember(
        backend: RouteBackend(
          record: record,
          state: member.state,
          acknowledgedSignal: acknowledged[member.incarnation] ?? 0
        ),
        models: backend.models
      )
    }
    // What nobody has any more stays known, sometimes.
    let isRemembered = world.profile.remembersModels
    return RouteTable(
      generation: generation,
      members: shown,
      rememberedModels: isRemembered ? (0..<world.profile.models).map { "m\($0)" } : [],
      isListed: true
    )
  }

  // MARK: Changes

  private mutating func change() {
    if world.network.random.chance(300) {
      join("b\(10 + incarnations)", world.addServer())
      return
    }
    guard !members.isEmpty else { return }
    let index = world.network.random.below(members.count)
    if world.profile.isCalm || world.network.random.chance(300) {
      replace(index)
      return
    }
    switch world.network.random.below(3) {
    case 0: if members.count > 1 { leave(index) }
    case 1: move(index)
    default:
      members[index].state = world.network.random.pick(
        [.ready, .ready, .suspect, .loading, .down, .down, .draining]
      )
    }
  }

  private mutating func join(_ id: String, _ server: Int) {
    let (slot, incarnation) = takeSlot()
    // Model 0 is everywhere; the others on some.
    let models = (0..<world.profile.models)
      .filter { $0 == 0 || ($0 + members.count) % 2 == 0 || world.profile.backends == 1 }
    members.append(
      Member(
        id: id,
        server: server,
        slot: slot,
        incarnation: incarnation,
        models: Set(models)
      )
    )
  }

  /// A container is gone: with its connections, or behind a route that nobody takes any more.
  private mutating func leave(_ index: Int) {
    let member = members.remove(at: index)
    freeSlots.append(member.slot)
    if world.network.random.chance(500) { world.stopServer(member.server) }
  }

  /// The same name, started anew: elsewhere, or at its old address.
  private mutating func replace(_ index: Int) {
    freeSlots.append(members[index].slot)
    (members[index].slot, members[index].incarnation) = takeSlot()
    members[index].state = .ready
    guard world.network.random.chance(500) else { return }
    let isStopped = !world.profile.isCalm && world.network.random.chance(500)
    if isStopped { world.stopServer(members[index].server) }
    members[index].server = world.addServer()
  }

  /// A model is loaded, or unloaded.
  private mutating func move(_ index: Int) {
    let model = world.network.random.below(world.profile.models)
    if members[index].models.remove(model) == nil { members[index].models.insert(model) }
  }

  /// A slot that was given back is taken again at once: the registry lets it rest, but nothing may
  /// depend on it.
  private mutating func takeSlot() -> (Int, UInt64) {
    incarnations += 1
    if !freeSlots.isEmpty, world.network.random.chance(700) {
      return (freeSlots.removeFirst(), incarnations)
    }
    slotCount += 1
    return (slotCount - 1, incarnations)
  }
}
