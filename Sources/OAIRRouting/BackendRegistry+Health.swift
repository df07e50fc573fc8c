/// What the registry is told of its backends' health and models, and what it asks for.
extension BackendRegistry {
  // MARK: - Reports

  /// Takes the outcome of a probe in.
  ///
  /// - Parameters:
  ///   - outcome: what came of it.
  ///   - order: what was asked; one for a backend that was replaced meanwhile is dropped.
  ///   - kind: the engine, if the answer showed which.
  public func apply(_ outcome: ProbeOutcome, to order: ProbeOrder, kind: Backend.Kind? = nil) {
    guard let key = key(order) else { return }
    members[key]?.probeLost = nil
    var hasChanged = false
    if let kind, kind != .auto, members[key]?.detectedKind != kind {
      members[key]?.detectedKind = kind
      members[key]?.refreshRecord()
      hasChanged = true
    }
    let event: HealthEvent
    switch outcome {
    case .succeeded: event = .probeSucceeded
    case .failed(let failure): event = .probeFailed(failure)
    }
    hasChanged = handle(event, key) || hasChanged
    settle(hasChanged)
  }

  /// Takes a listing in.
  ///
  /// - Parameters:
  ///   - models: what the backend has; nil when the listing failed: what is known stays.
  ///   - order: what was asked; one for a backend that was replaced meanwhile is dropped.
  public func update(models: [ModelDescription]?, from order: ProbeOrder) {
    guard let key = key(order) else { return }
    members[key]?.listingEnded(isListed: models != nil, at: options.now())
    settle(models.map { replaceModels($0, key) } ?? false)
  }

  /// Replaces a backend's models.
  ///
  /// - Parameters:
  ///   - models: what it has; a list that was given as fixed stays.
  ///   - id: the id it was registered with; an unknown one is ignored.
  public func update(models: [ModelDescription], for id: String) {
    guard let key = keysByID[id] else { return }
    settle(replaceModels(models, key))
  }

  /// Takes what the data plane saw in.
  ///
  /// - Parameter signals: in the order of their sequence; those for a backend that was replaced
  ///   meanwhile are dropped.
  public func apply(signals: [BackendSignal]) {
    var hasChanged = false
    let owners = Dictionary(uniqueKeysWithValues: members.map { ($0.value.incarnation, $0.key) })
    for signal in signals {
      guard let key = owners[signal.incarnation], let member = members[key],
        member.slot == signal.slot
      else { continue }
      if signal.sequence > member.acknowledgedSignal {
        members[key]?.acknowledgedSignal = signal.sequence
        // A reactor that has marked the backend down by itself waits for this number.
        if signal.kind == .refused { hasChanged = true }
      }
      hasChanged = handle(.signal(signal.kind), key) || hasChanged
    }
    settle(hasChanged)
  }

  /// Tells that a backend's container died, or its name no longer resolves, while it stays
  /// registered.
  public func markGone(id: String) { handle(.gone, id: id) }

  /// Gives a backend nothing new, or ends that.
  ///
  /// What runs there goes on. It holds until it is ended, through every probe, or until the backend
  /// is unregistered.
  ///
  /// - Parameters:
  ///   - isDraining: true to drain.
  ///   - id: the id it was registered with.
  /// - Returns: false when there is none of that id.
  @discardableResult
  public func setDraining(_ isDraining: Bool, id: String) -> Bool {
    guard let key = keysByID[id] else { return false }
    settle(drain(isDraining, key))
    return true
  }

  /// Returns whether something changed that a table shows.
  @discardableResult
  func drain(_ isDraining: Bool, _ key: EngineKey) -> Bool {
    handle(isDraining ? .drainRequested : .drainCancelled, key)
  }

  /// Asks for a probe of a backend at once, such as after an event of its container.
  public func requestProbe(id: String) { handle(.signal(.reset), id: id) }

  /// Tells that a discoverer's first result is in.
  public func discoveryListed(_ name: String) {
    guard awaitedDiscoverers.remove(name) != nil else { return }
    settle(false)
  }

  private func handle(_ event: HealthEvent, id: String) {
    guard let key = keysByID[id] else { return }
    settle(handle(event, key))
  }

  // MARK: - Time

  /// Does what is due: doubts that end, names that are forgotten, the end of the wait for the first
  /// listings, probes.
  ///
  /// The registry's own timer calls it after `start`.
  public func advance() {
    let now = options.now()
    var hasChanged = remembered.values.contains { $0.until <= now }
    for (key, member) in members {
      guard let deadline = member.machine.deadline, deadline <= now else { continue }
      hasChanged = handle(.timePassed, key) || hasChanged
    }
    settle(hasChanged)
  }

  /// Takes what is to be looked at now; each order is to be answered.
  ///
  /// - Returns: the orders, and when to call again.
  public func takeProbes() -> ProbeRound {
    let now = options.now()
    var orders: [ProbeOrder] = []
    for (key, member) in members {
      let checks = member.probeDue <= now
      let lists = member.listingDue <= now
      guard checks || lists else { continue }
      let lost = now &+ options.health.timeout &+ Self.reportGrace
      if checks {
        members[key]?.machine.probeStarted(at: now)
        members[key]?.probeLost = lost
      }
      if lists { members[key]?.listingLost = lost }
      orders.append(
        ProbeOrder(
          backend: member.backend,
          slot: member.slot,
          incarnation: member.incarnation,
          checksHealth: checks,
          listsModels: lists,
          timeout: options.health.timeout
        )
      )
    }
    return ProbeRound(orders: orders, nextDue: nextDue())
  }

  /// When something is due next; nil when nothing is.
  func nextDue() -> UInt64? {
    var due = remembered.values.map(\.until).min() ?? .max
    for member in members.values {
      if let deadline = member.machine.deadline { due = min(due, deadline) }
      if sendOrders != nil { due = min(due, member.probeDue, member.listingDue) }
    }
    if !table.isListed {
      due = min(due, startedAt &+ RoutingLimits.firstListing.nanoseconds)
    }
    return due == .max ? nil : due
  }

  func dispatchOrders() {
    guard let sendOrders else { return }
    let orders = takeProbes().orders
    if !orders.isEmpty { sendOrders(orders) }
  }

  // MARK: - Steps

  /// What a report may take beyond its probe's deadline before the probe counts as lost: five
  /// seconds, far more than a busy machine delays a message between two threads.
  private static let reportGrace: UInt64 = 5_000_000_000

  private func settle(_ hasChanged: Bool) {
    if hasChanged || isListed(at: options.now()) != table.isListed { publishTable() }
    dispatchOrders()
    rearm()
  }

  private func key(_ order: ProbeOrder) -> EngineKey? {
    let key = EngineKey(order.backend.endpoint)
    return members[key]?.incarnation == order.incarnation ? key : nil
  }

  private func replaceModels(_ models: [ModelDescription], _ key: EngineKey) -> Bool {
    guard let member = members[key], !member.registrations[0].isModelListFixed else {
      return false
    }
    let models = Self.bounded(models)
    guard models != member.listed else { return false }
    members[key]?.listed = models
    return true
  }

  /// Returns whether something changed that a table shows.
  private func handle(_ event: HealthEvent, _ key: EngineKey) -> Bool {
    guard let member = members[key] else { return false }
    let now = options.now()
    let consent = event.isOpinion ? maySuspect(member) : true
    guard
      let decision = members[key]?.machine.handle(
        event,
        at: now,
        maySuspect: consent,
        jitter: Double.random(in: -1...1, using: &random)
      )
    else { return false }
    if decision.hasReturned { members[key]?.nextListing = now }
    // Another engine may come up in its place.
    if decision.state == .down, decision.hasChanged { members[key]?.forgetKind() }
    return decision.hasChanged
  }

  /// The fleet's consent to doubt one more: for each of its models at most half of the candidates
  /// may be suspect, and another one must be left that can be tried.
  private func maySuspect(_ member: RegistryMember) -> Bool {
    for model in member.models {
      var name = model.id
      let entry = name.withUTF8 { table.entry(for: UnsafeRawBufferPointer($0)) }
      guard let entry else { continue }
      let candidates = table.candidates(entry)
      var suspects = 1
      var others = 0
      for candidate in candidates {
        let record = table.backends[Int(candidate)].record
        guard record.incarnation != member.incarnation,
          let other = keysByID[record.id].flatMap({ members[$0] })
        else { continue }
        switch other.machine.state {
        case .suspect: suspects += 1
        case .ready, .unknown: others += 1
        case .loading, .down, .draining: break
        }
      }
      if others == 0 || suspects * 2 > candidates.count { return false }
    }
    return true
  }
}

extension HealthEvent {
  /// True when it may lead to a mere doubt, which needs the fleet's consent.
  var isOpinion: Bool {
    switch self {
    case .probeFailed(.timedOut), .signal(.statusFailure), .signal(.connectTimedOut): true
    default: false
    }
  }
}

extension RegistryMember {
  /// When its health is to be asked for.
  var probeDue: UInt64 { probeLost ?? machine.nextProbe }

  /// When its models are to be asked for: only while it answers.
  var listingDue: UInt64 {
    guard !registrations[0].isModelListFixed,
      machine.health == .ready || machine.health == .suspect
    else { return .max }
    return listingLost ?? nextListing
  }
}
