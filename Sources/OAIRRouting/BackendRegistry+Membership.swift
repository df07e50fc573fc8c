/// Who is in the registry: several sources may tell of one engine.
extension BackendRegistry {
  /// Adds a backend, replaces the one with its id, or recognises it as one that is known.
  ///
  /// At another address the backend starts anew, but is taken to have the models it had until it
  /// lists them: requests go there at once.
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
    let outcomes = backends.map { add($0) }
    let isTaken = outcomes.contains {
      if case .refused = $0 { false } else { true }
    }
    if isTaken { settle(true) }
    return outcomes
  }

  /// - Parameter places: how many are about to be taken away, to make room.
  func add(_ backend: Backend, places: Int = 0) -> RegistrationOutcome {
    if let refusal = refusal(of: backend, places) {
      updateDisplaced(backend)
      return .refused(refusal)
    }
    if let old = registration(backend.id), old.source > backend.source { displace(old) }
    return place(backend)
  }

  /// Registers what may be registered.
  private func place(_ backend: Backend) -> RegistrationOutcome {
    var backend = backend
    backend.models = Self.bounded(backend.models)
    let oldKey = keysByID[backend.id]
    let key = key(for: backend)
    var presumed: [ModelDescription] = []
    let isDraining = oldKey.flatMap { members[$0]?.machine.isDraining } ?? false
    var isGone = false
    if let oldKey, oldKey != key {
      presumed = members[oldKey]?.models ?? []
      isGone = detach(backend.id, from: oldKey)
    }
    keysByID[backend.id] = key
    if let former = members[key] {
      let now = options.now()
      _ = edit(key) {
        $0.attach(backend)
        $0.machine.wasToldAnew(at: now)
      }
      tellReplacement(of: former, by: backend.id, key)
      // The engine that went by this id is no more, and this one goes by another.
      if isGone, members[key]?.id != backend.id { watchers.tell(.removed(id: backend.id)) }
    } else {
      let now = options.now()
      let (slot, incarnation) = slots.take(at: now)
      let member = RegistryMember(
        backend,
        presumed: presumed,
        slot: slot,
        incarnation: incarnation,
        registeredAt: options.unixTime(),
        policy: options.health,
        now: now
      )
      insert(member, key)
      // Whoever drained it means the backend, wherever it has gone to.
      if isDraining { drain(true, key) }
      watchers.tell(oldKey == nil ? .added(id: backend.id) : .updated(id: backend.id))
    }
    if let id = members[key]?.id, id != backend.id { return .merged(into: id) }
    return oldKey == nil ? .registered : .updated
  }

  private func refusal(of backend: Backend, _ places: Int) -> String? {
    guard (1...RoutingLimits.backendID).contains(backend.id.utf8.count),
      backend.id.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return "an id has 1 to \(RoutingLimits.backendID) visible ASCII characters" }
    guard keysByID[backend.id] != nil else {
      return keysByID.count < RoutingLimits.backends + places
        ? nil : "there are \(RoutingLimits.backends) backends already"
    }
    guard let old = registration(backend.id), old.source < backend.source else { return nil }
    return "the id \"\(backend.id)\" is taken by a backend from \(old.source.name)"
  }

  /// What was registered with an id.
  func registration(_ id: String) -> Backend? {
    keysByID[id].flatMap { members[$0] }?.registrations.first { $0.id == id }
  }

  // MARK: - One id, several sources

  /// Keeps what another source says of an id, until the one that has taken the id goes.
  private func displace(_ old: Backend) {
    forgetDisplaced(old.id, old.source)
    displaced[old.id, default: []].append(old)
    displaced[old.id]?.sort { $0.source < $1.source }
  }

  /// What was displaced is told anew.
  private func updateDisplaced(_ backend: Backend) {
    let former = displaced[backend.id]?.firstIndex { $0.source == backend.source }
    if let former { displaced[backend.id]?[former] = backend }
  }

  private func forgetDisplaced(_ id: String, _ source: Backend.Source) {
    displaced[id]?.removeAll { $0.source == source }
    if displaced[id]?.isEmpty == true { displaced[id] = nil }
  }

  // MARK: - Engines

  /// Finds the engine that a backend is.
  ///
  /// Two sources that see one address see one engine, whatever they call its host. One source that
  /// names two hosts there means two engines behind a proxy that goes by names.
  private func key(for backend: Backend) -> EngineKey {
    let key = EngineKey(backend.endpoint)
    // Whatever it is taken for, it stays that.
    if let known = keysByID[backend.id], known.isAtPlace(of: key) { return known }
    guard backend.endpoint.isNamed, let member = members[key] else { return key }
    let isOther = member.registrations.contains {
      $0.source == backend.source && $0.endpoint.isNamed
        && $0.endpoint.host.lowercased() != backend.endpoint.host.lowercased()
    }
    var named = key
    if isOther { named.virtualHost = backend.endpoint.host.lowercased() }
    return named
  }

  /// Takes a backend away.
  ///
  /// Exchanges that run on it go on; its models stay known for a while. If another source has told
  /// of the same engine, it goes on under that one's id, without a gap. If it has displaced one of
  /// the same id, by another source, that one has its place again.
  ///
  /// - Parameters:
  ///   - id: the id it was registered with.
  ///   - source: if given, only a registration from there is taken away.
  /// - Returns: false when there is none.
  @discardableResult
  public func unregister(id: String, source: Backend.Source? = nil) -> Bool {
    guard takeAway(id, source) else { return false }
    settle(true)
    return true
  }

  func takeAway(_ id: String, _ source: Backend.Source?) -> Bool {
    // It doesn't come back when what has displaced it goes.
    if let source { forgetDisplaced(id, source) }
    guard isRegistered(id, source), let key = keysByID[id] else { return false }
    if let next = displaced[id]?.first {
      forgetDisplaced(id, next.source)
      _ = place(next)
      // A drain was of what is taken away.
      if let key = keysByID[id], members[key]?.id == id { drain(false, key) }
      return true
    }
    keysByID[id] = nil
    if detach(id, from: key) { watchers.tell(.removed(id: id)) }
    return true
  }

  /// - Parameter source: nil for any.
  func isRegistered(_ id: String, _ source: Backend.Source?) -> Bool {
    guard let registered = registration(id) else { return false }
    return source == nil || registered.source == source
  }

  /// Returns whether the engine is gone with its last registration.
  @discardableResult
  private func detach(_ id: String, from key: EngineKey) -> Bool {
    guard let member = members[key] else { return false }
    if edit(key, { $0.detach(id) }) == true {
      tellReplacement(of: member, by: id, key)
      return false
    }
    remove(key)
    let now = options.now()
    slots.free(member.slot, at: now)
    let until = now &+ RoutingLimits.rememberedModelLifetime.nanoseconds
    for model in member.models where remembered.count < RoutingLimits.rememberedModels {
      remembered[ModelName.canonical(model.id)] = (model.id, until)
    }
    return true
  }

  /// Tells what a registration that came or went has changed of an engine.
  private func tellReplacement(of former: RegistryMember, by id: String, _ key: EngineKey) {
    guard let member = members[key] else { return }
    if member.id != former.id {
      watchers.tell(.renamed(id: former.id, to: member.id))
    } else if member.id == id {
      watchers.tell(.updated(id: id))
    }
    tellModels(former.models, member.models, of: member.id)
  }

  /// Models within the bounds; duplicates are left to the table.
  static func bounded(_ models: [ModelDescription]) -> [ModelDescription] {
    let names = 1...RoutingLimits.modelName
    if models.count <= RoutingLimits.modelsPerBackend,
      models.allSatisfy({ names.contains($0.id.utf8.count) })
    {
      return models
    }
    return Array(
      models.lazy.filter { names.contains($0.id.utf8.count) }
        .prefix(RoutingLimits.modelsPerBackend)
    )
  }
}
