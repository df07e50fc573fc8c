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

  let options: RegistryOptions
  let publish: @Sendable (RouteTable) -> Void
  var members: [EngineKey: RegistryMember] = [:]
  var keysByID: [String: EngineKey] = [:]
  var slots = SlotAllocator()
  /// Models whose last backend went away, by canonical name: their spelling, and until when.
  var remembered: [String: (name: String, until: UInt64)] = [:]
  var awaitedDiscoverers: Set<String>
  let startedAt: UInt64
  var random = SystemRandomNumberGenerator()
  var sendOrders: (@Sendable ([ProbeOrder]) -> Void)?
  private var timer: (any DispatchSourceTimer)?
  private var timerDue: UInt64?
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
  }

  /// Ends probing and the keeping of time; the last table stays as it is.
  public func stop() {
    timer?.cancel()
    timer = nil
    timerDue = nil
    sendOrders = nil
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
    let delay = due &- min(due, options.now())
    let leeway = DispatchTimeInterval.milliseconds(1)
    timer.schedule(
      deadline: .now() + .nanoseconds(Int(min(delay, UInt64(Int.max)))),
      leeway: leeway
    )
  }

  // MARK: - Membership

  /// Adds a backend, replaces the one with its id, or recognises it as one that is known.
  ///
  /// - Parameter backend: id of 1…128 visible ASCII bytes.
  /// - Returns: what became of it.
  @discardableResult
  public func register(_ backend: Backend) -> RegistrationOutcome {
    register(contentsOf: [backend])[0]
  }

  /// Registers several backends with one new table.
  ///
  /// - Parameter backends: as for `register(_:)`.
  /// - Returns: what became of each.
  @discardableResult
  public func register(contentsOf backends: [Backend]) -> [RegistrationOutcome] {
    let outcomes = backends.map(add)
    let isTaken = outcomes.contains {
      if case .refused = $0 { false } else { true }
    }
    if isTaken { changed() }
    return outcomes
  }

  private func add(_ backend: Backend) -> RegistrationOutcome {
    let length = backend.id.utf8.count
    guard (1...RoutingLimits.backendID).contains(length),
      backend.id.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else {
      return .refused("an id has 1 to \(RoutingLimits.backendID) visible ASCII characters")
    }
    var backend = backend
    backend.models = Self.bounded(backend.models)
    let key = EngineKey(backend.endpoint)
    let oldKey = keysByID[backend.id]
    if let oldKey, let old = members[oldKey]?.registrations.first(where: { $0.id == backend.id }),
      old.source < backend.source
    {
      return .refused("the id \"\(backend.id)\" is taken by a backend from \(old.source.name)")
    }
    guard keysByID.count < RoutingLimits.backends || oldKey != nil else {
      return .refused("there are \(RoutingLimits.backends) backends already")
    }
    let isDraining = oldKey.flatMap { members[$0]?.machine.isDraining } ?? false
    if let oldKey, oldKey != key { detach(backend.id, from: oldKey) }
    keysByID[backend.id] = key
    if members[key] != nil {
      members[key]?.attach(backend)
    } else {
      let now = options.now()
      let (slot, incarnation) = slots.take(at: now)
      members[key] = RegistryMember(
        backend,
        slot: slot,
        incarnation: incarnation,
        registeredAt: options.unixTime(),
        policy: options.health,
        now: now
      )
      // Whoever drained it means the backend, wherever it has gone to.
      if isDraining { drain(true, key) }
    }
    if let id = members[key]?.registrations[0].id, id != backend.id { return .merged(into: id) }
    return oldKey == nil ? .registered : .updated
  }

  /// Takes a backend away.
  ///
  /// Exchanges that run on it go on; its models stay known for a while.
  ///
  /// - Parameters:
  ///   - id: the id it was registered with.
  ///   - source: if given, only a registration from there is taken away.
  /// - Returns: false when there is none.
  @discardableResult
  public func unregister(id: String, source: Backend.Source? = nil) -> Bool {
    guard let key = keysByID[id] else { return false }
    if let source, let member = members[key],
      !member.registrations.contains(where: { $0.id == id && $0.source == source })
    {
      return false
    }
    keysByID[id] = nil
    detach(id, from: key)
    changed()
    return true
  }

  private func detach(_ id: String, from key: EngineKey) {
    guard let member = members[key], members[key]?.detach(id) == false else { return }
    members[key] = nil
    let now = options.now()
    slots.free(member.slot, at: now)
    let until = now &+ RoutingLimits.rememberedModelLifetime.nanoseconds
    for model in member.models where remembered.count < RoutingLimits.rememberedModels {
      remembered[ModelName.canonical(model.id)] = (model.id, until)
    }
  }

  // MARK: - Tables

  /// Publishes what has changed, and sets the timer anew.
  func changed() {
    publishTable()
    dispatchOrders()
    rearm()
  }

  func publishTable() {
    let now = options.now()
    remembered = remembered.filter { $0.value.until > now }
    let new = RouteTable(
      generation: table.generation + 1,
      members: members.values.map(\.routeMember),
      rememberedModels: remembered.values.map(\.name).sorted(),
      rewrites: options.rewrites,
      defaultBackend: defaultBackendID,
      isListed: isListed(at: now)
    )
    // A model that somebody has again is remembered anew when that one goes away.
    for member in members.values {
      for model in member.models { remembered[ModelName.canonical(model.id)] = nil }
    }
    table = new
    publish(new)
  }

  /// One that was recognised as another goes by that one's id.
  private var defaultBackendID: String? {
    options.defaultBackend.flatMap { id in
      keysByID[id].flatMap { members[$0]?.registrations[0].id } ?? id
    }
  }

  func isListed(at now: UInt64) -> Bool {
    table.isListed || now &- startedAt >= RoutingLimits.firstListing.nanoseconds
      || (awaitedDiscoverers.isEmpty && members.values.allSatisfy(\.isSettled))
  }

  /// All backends in the order of their ids.
  public func snapshot() -> [BackendSnapshot] {
    let now = options.now()
    return members.values.map { member in
      let untilProbe = member.machine.nextProbe &- min(now, member.machine.nextProbe)
      return BackendSnapshot(
        backend: member.backend,
        state: member.machine.state,
        stateAge: .nanoseconds(Int64(clamping: now &- min(now, member.machine.changedAt))),
        lastError: member.machine.doubt?.description,
        isDraining: member.machine.isDraining,
        mergedIDs: member.registrations.dropFirst().map(\.id),
        slot: member.slot,
        incarnation: member.incarnation,
        isListed: member.isListed,
        nextProbe: .nanoseconds(member.probeLost == nil ? Int64(clamping: untilProbe) : 0)
      )
    }.sorted { $0.backend.id < $1.backend.id }
  }

  /// Models within the bounds; duplicates are left to the table.
  static func bounded(_ models: [ModelDescription]) -> [ModelDescription] {
    Array(
      models.lazy.filter { (1...RoutingLimits.modelName).contains($0.id.utf8.count) }
        .prefix(RoutingLimits.modelsPerBackend)
    )
  }
}
