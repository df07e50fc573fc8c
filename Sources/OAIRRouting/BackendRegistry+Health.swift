/// What the registry is told of its backends' health and models.
extension BackendRegistry {
  // MARK: - Reports

  /// Takes the outcome of a probe in.
  ///
  /// - Parameters:
  ///   - outcome: what came of it.
  ///   - order: what was asked; one for a backend that was replaced meanwhile is dropped.
  ///   - kind: the engine, if the answer showed which.
  ///   - version: the engine's version, if the answer showed it.
  public func apply(
    _ outcome: ProbeOutcome,
    to order: ProbeOrder,
    kind: Backend.Kind? = nil,
    version: EngineVersion? = nil
  ) {
    guard let key = key(order) else { return }
    let isNews = edit(key) {
      $0.probeLost = nil
      return $0.found(kind: kind, version: version)
    }
    if isNews == true, kind != nil, let id = members[key]?.id { watchers.tell(.updated(id: id)) }
    let event: HealthEvent
    switch outcome {
    case .succeeded: event = .probeSucceeded
    case .failed(let failure): event = .probeFailed(failure)
    }
    settle(handle(event, key) || isNews == true)
  }

  /// Takes a listing in.
  ///
  /// - Parameters:
  ///   - models: what the backend has; nil when the listing failed: what is known stays.
  ///   - trouble: why it failed; nil when the backend hasn't said so: what it has said before
  ///     stands.
  ///   - order: what was asked; one for a backend that was replaced meanwhile is dropped.
  public func update(
    models: [ModelDescription]?,
    trouble: ListingTrouble? = nil,
    from order: ProbeOrder
  ) {
    guard let key = key(order) else { return }
    let now = options.now()
    // First the list: what it tells decides how soon the next one is due.
    let hasChanged = models.map { replaceModels($0, key) } ?? false
    let jitter = Double.random(in: -1...1, using: &random)
    let isNews = edit(key) { member in
      member.listingEnded(isListed: models != nil, at: now, jitter: jitter)
      // Nobody has said anything: no word that it is better now.
      guard models != nil || trouble != nil else { return false }
      return member.noteListing(models == nil ? trouble : nil)
    }
    settle(hasChanged || isNews ?? false)
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

  /// Takes in which of a backend's models are in its memory.
  ///
  /// - Parameters:
  ///   - residents: their names, each with the object of `GET /api/ps`; models that aren't among
  ///     them have to be loaded first. nil when it couldn't be found out: what is known stays.
  ///   - order: what was asked; one for a backend that was replaced meanwhile is dropped.
  public func update(residents: [ModelDescription]?, from order: ProbeOrder) {
    guard let key = key(order), let residents else { return }
    var objects: [String: [UInt8]] = [:]
    for model in Self.bounded(residents) {
      objects[ModelName.canonical(model.id)] = model.process ?? []
    }
    settle(edit(key) { $0.hold(objects) } ?? false)
  }

  /// Takes what the data plane saw in.
  ///
  /// - Parameter signals: in the order of their sequence; those for a backend that was replaced
  ///   meanwhile are dropped.
  public func apply(signals: [BackendSignal]) {
    var hasChanged = false
    for signal in signals {
      guard let key = key(slot: signal.slot, incarnation: signal.incarnation) else { continue }
      let isNew = edit(key) {
        guard signal.sequence > $0.acknowledgedSignal else { return false }
        $0.acknowledgedSignal = signal.sequence
        return true
      }
      // A reactor that has marked the backend down by itself waits for this number.
      if isNew == true, signal.kind == .refused { hasChanged = true }
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

  // MARK: - Steps

  private func key(_ order: ProbeOrder) -> EngineKey? {
    key(slot: order.slot, incarnation: order.incarnation)
  }

  private func replaceModels(_ models: [ModelDescription], _ key: EngineKey) -> Bool {
    guard let member = members[key], !member.isModelListFixed else { return false }
    let wasListed = member.isListed
    let models = Self.bounded(models)
    let isNews = edit(key) { $0.list(models) } ?? false
    if isNews, let now = members[key]?.models { tellModels(member.models, now, of: member.id) }
    return isNews || !wasListed
  }

  func tellModels(_ before: [ModelDescription], _ now: [ModelDescription], of id: String) {
    guard watchers.isWatched else { return }
    let old = Set(before.map(\.id)), new = Set(now.map(\.id))
    guard old != new else { return }
    watchers.tell(
      .modelsChanged(
        id: id,
        added: new.subtracting(old).sorted(),
        removed: old.subtracting(new).sorted()
      )
    )
  }

  /// Returns whether something changed that a table shows.
  func handle(_ event: HealthEvent, _ key: EngineKey) -> Bool {
    guard let member = members[key] else { return false }
    let now = options.now()
    let consent = event.isOpinion ? maySuspect(member) : true
    let jitter = Double.random(in: -1...1, using: &random)
    let decision = edit(key) { member in
      let decision = member.machine.handle(event, at: now, maySuspect: consent, jitter: jitter)
      if decision.hasReturned { member.nextListing = now }
      if decision.state == .down, decision.hasChanged { member.forgetFindings() }
      return decision
    }
    guard let decision else { return false }
    if decision.state != member.machine.state {
      watchers.tell(
        .stateChanged(
          id: member.id,
          from: member.machine.state,
          to: decision.state,
          reason: members[key]?.machine.doubt?.description
        )
      )
    }
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
        let fact = table.facts[Int(candidate)]
        guard fact.incarnation != member.incarnation,
          let key = key(slot: Int(fact.slot), incarnation: fact.incarnation),
          let state = members[key]?.machine.state
        else { continue }
        switch state {
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
