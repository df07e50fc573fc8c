import Dispatch

/// The one place where backends, their states and their models are kept, and the only writer of
/// route tables.
///
/// Runs on its own serial Dispatch queue. Told by discoverers (registrations), by the prober
/// (answers) and by reactors (signals); tells the prober what is due, and hands every new
/// `RouteTable` to the closure given at `init`.
public actor BackendRegistry {
  private let executor = ControlQueue(label: "oairouter.registry")
  /// The actor's executor: its own Dispatch queue.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Changed by `reconfigure` only.
  var options: RegistryOptions
  private let publish: @Sendable (RouteTable) -> Void
  /// Changed by `edit`, `insert` and `remove` only, which keep `dues` true.
  private(set) var members: [EngineKey: RegistryMember] = [:]
  var keysByID: [String: EngineKey] = [:]
  /// What sources have said of an id that one of higher precedence has taken from them, in their
  /// order.
  ///
  /// LIMIT: one for each source of a registered id.
  var displaced: [String: [Backend]] = [:]
  /// When something is due of the member in each slot, and which one that is.
  private(set) var dues: [(time: UInt64, key: EngineKey?)] = []
  var slots = SlotAllocator()
  /// Models whose last backend went away, by canonical name: their spelling, and until when.
  var remembered: [String: (name: String, until: UInt64)] = [:]
  var awaitedDiscoverers: Set<String>
  let startedAt: UInt64
  var random = SystemRandomNumberGenerator()
  var watchers = RegistryWatchers()
  private(set) var sendOrders: (@Sendable ([ProbeOrder]) -> Void)?
  private var timer: (any DispatchSourceTimer)?
  private var timerDue: UInt64?
  private var isTableOwed = false
  private var nextTable: UInt64 = 0
  private let modelSeries = ModelSeries()
  /// The newest table.
  public private(set) var table = RouteTable.empty

  /// Makes an empty registry.
  ///
  /// - Parameters:
  ///   - options: thresholds, default backend, clocks.
  ///   - publish: called on the registry's queue with each new table; must return at once.
  public init(
    options: RegistryOptions = RegistryOptions(),
    publish: @escaping @Sendable (RouteTable) -> Void
  ) {
    self.options = options
    self.publish = publish
    awaitedDiscoverers = options.awaitedDiscoverers
    startedAt = options.now()
  }

  // MARK: - Running

  /// Publishes the first table, and from then on keeps time by itself.
  ///
  /// - Parameter orders: called on the registry's queue with what is to be probed; it must return
  ///   at once, and each order is to be answered by `apply(_:to:)`. Without it nothing is probed.
  public func start(orders: (@Sendable ([ProbeOrder]) -> Void)? = nil) {
    guard timer == nil else { return }
    sendOrders = orders
    let timer = DispatchSource.makeTimerSource(queue: executor.queue)
    timer.setEventHandler { [weak self] in self?.assumeIsolated { $0.timerFired() } }
    timer.activate()
    self.timer = timer
    publishTable()
    rearm()
  }

  /// Ends probing and the keeping of time; the last table stays as it is, and event streams end.
  public func stop() {
    timer?.cancel()
    timer = nil
    timerDue = nil
    sendOrders = nil
    watchers.finish()
  }

  private func timerFired() {
    timerDue = nil
    advance()
  }

  /// Sets the timer to what is due next.
  ///
  /// Called at the end of everything that changes a time.
  func rearm() {
    guard let timer else { return }
    let due = nextDue()
    guard due != timerDue else { return }
    timerDue = due
    guard let due else {
      timer.schedule(deadline: .distantFuture)
      return
    }
    let now = options.now()
    // What is due together, or nearly, is done together: a fleet of thousands causes a hundred
    // wake-ups a second at most.
    let delay = max(due &- min(due, now), due <= now ? 0 : Self.timerGranularity)
    timer.schedule(
      deadline: .now() + .nanoseconds(Int(min(delay, UInt64(Int.max)))),
      leeway: .milliseconds(1)
    )
  }

  private static let timerGranularity: UInt64 = 10_000_000

  // MARK: - Members

  /// Changes a member; all changes go this way.
  func edit<Result>(
    _ key: EngineKey,
    _ change: (inout RegistryMember) -> Result
  ) -> Result? {
    guard let index = members.index(forKey: key) else { return nil }
    let result = change(&members.values[index])
    dues[members.values[index].slot].time = members.values[index].due
    return result
  }

  func insert(_ member: RegistryMember, _ key: EngineKey) {
    members[key] = member
    while dues.count <= member.slot { dues.append((.max, nil)) }
    dues[member.slot] = (member.due, key)
  }

  func remove(_ key: EngineKey) {
    guard let member = members.removeValue(forKey: key) else { return }
    dues[member.slot] = (.max, nil)
  }

  /// The member in a slot, unless another one has taken its place.
  func key(slot: Int, incarnation: UInt64) -> EngineKey? {
    guard dues.indices.contains(slot), let key = dues[slot].key,
      members[key]?.incarnation == incarnation
    else { return nil }
    return key
  }

  // MARK: - Tables

  /// Ends every change: publishes what is new, sends orders for what is due, sets the timer.
  func settle(_ hasChanged: Bool) {
    if hasChanged || isListed(at: options.now()) != table.isListed { isTableOwed = true }
    publishOwed()
    dispatchOrders()
    rearm()
  }

  /// Publishes a table if one is owed, and the last one's cost is paid off.
  ///
  /// Making a table takes time in proportion to the fleet: with thousands of models that change all
  /// the time, tables take a fifth of this queue at most. Small fleets get theirs at once.
  func publishOwed() {
    guard isTableOwed, options.now() >= nextTable else { return }
    publishTable()
  }

  /// Publishes a table that is owed, whatever the last one has cost: for a person who has changed
  /// something, and is told that it holds.
  public func publishNow() {
    guard isTableOwed else { return }
    publishTable()
    rearm()
  }

  /// Publishes a table, and goes on with what is due.
  func publishAtOnce() {
    publishTable()
    dispatchOrders()
    rearm()
  }

  /// When the table that is owed may be published; nil when none is.
  var tableDue: UInt64? { isTableOwed ? nextTable : nil }

  /// Cost below which tables aren't held back, in nanoseconds.
  private static let freeTable: UInt64 = 2_000_000
  /// The longest time that a table is held back, in nanoseconds.
  private static let longestHold: UInt64 = 1_000_000_000

  private func publishTable() {
    let now = options.now()
    isTableOwed = false
    remembered = remembered.filter { $0.value.until > now }
    let new = RouteTable(
      generation: table.generation + 1,
      members: members.values.map(\.routeMember),
      rememberedModels: remembered.values.map(\.name).sorted(),
      rewrites: options.rewrites,
      defaultBackend: defaultBackendID,
      isListed: isListed(at: now),
      modelSeries: modelSeries
    )
    // A model that somebody has again is remembered anew when that one goes away.
    if !remembered.isEmpty {
      for member in members.values {
        for model in member.models { remembered[ModelName.canonical(model.id)] = nil }
      }
    }
    table = new
    publish(new)
    let end = options.now()
    let cost = end &- now
    nextTable = cost < Self.freeTable ? end : end &+ min(cost * 4, Self.longestHold)
  }

  /// One that was recognised as another goes by that one's id.
  private var defaultBackendID: String? {
    options.defaultBackend.flatMap { id in
      keysByID[id].flatMap { members[$0]?.id } ?? id
    }
  }

  func isListed(at now: UInt64) -> Bool {
    table.isListed || now &- startedAt >= RoutingLimits.firstListing.nanoseconds
      || (awaitedDiscoverers.isEmpty && members.values.allSatisfy(\.isSettled))
  }
}
