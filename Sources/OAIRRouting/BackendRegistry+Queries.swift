/// What library users, status pages and administrators ask the registry for.
extension BackendRegistry {
  /// All backends, in the order of their ids.
  public func snapshot() -> [BackendSnapshot] {
    members.values.map(snapshot).sorted { $0.backend.id < $1.backend.id }
  }

  /// One backend.
  ///
  /// - Parameter id: the id it was registered with, also one that was merged into another's.
  /// - Returns: nil when there is none.
  public func backend(id: String) -> BackendSnapshot? {
    keysByID[id].flatMap { members[$0] }.map(snapshot)
  }

  /// Who has told of what is registered with an id, which may be one of several names of an engine.
  ///
  /// - Parameter id: as for `backend(id:)`.
  /// - Returns: nil when there is none.
  public func source(id: String) -> Backend.Source? { registration(id)?.source }

  /// The backends that have a model, whatever their states.
  ///
  /// - Parameter model: its name; a final `:latest` doesn't matter.
  /// - Returns: in the order of their ids; none for a model that nobody has.
  public func backends(model: String) -> [BackendSnapshot] {
    let name = ModelName.canonical(model)
    return members.values.filter { member in
      member.models.contains { ModelName.canonical($0.id) == name }
    }.map(snapshot).sorted { $0.backend.id < $1.backend.id }
  }

  /// How many backends and models there are.
  public func counts() -> RegistryCounts {
    var states: [BackendState: Int] = [:]
    for member in members.values { states[member.machine.state, default: 0] += 1 }
    return RegistryCounts(
      backends: members.count,
      states: states,
      models: table.modelCount,
      rememberedModels: remembered.count
    )
  }

  /// Looks at backends at once instead of when their time comes: health and models.
  ///
  /// Returns before the answers are in: `events()` tells what they change. A backend that was
  /// probed within the last 100 ms is probed again when they are over.
  ///
  /// - Parameter id: the id a backend was registered with; nil for all.
  /// - Returns: how many backends will be looked at; 0 for an unknown id.
  @discardableResult
  public func refresh(id: String? = nil) -> Int {
    let keys = id.map { id in keysByID[id].map { [$0] } ?? [] } ?? Array(members.keys)
    let now = options.now()
    for key in keys {
      _ = handle(.signal(.reset), key)
      _ = edit(key) { $0.nextListing = now }
    }
    settle(false)
    return keys.count
  }

  /// What changes from now on, in its order.
  ///
  /// Any number of readers. One that is more than 1,024 events behind finds `.missed` where some
  /// were left out, and `snapshot()` tells what is. The stream ends when the registry stops.
  public func events() -> AsyncStream<RegistryEvent> { watchers.watch() }

  private func snapshot(_ member: RegistryMember) -> BackendSnapshot {
    let now = options.now()
    let untilProbe = member.machine.nextProbe &- min(now, member.machine.nextProbe)
    return BackendSnapshot(
      backend: member.shownBackend,
      state: member.machine.state,
      stateAge: .nanoseconds(Int64(clamping: now &- min(now, member.machine.changedAt))),
      lastError: member.trouble,
      isDraining: member.machine.isDraining,
      mergedIDs: member.registrations.dropFirst().map(\.id),
      slot: member.slot,
      incarnation: member.incarnation,
      isListed: member.isListed,
      nextProbe: .nanoseconds(member.probeLost == nil ? Int64(clamping: untilProbe) : 0),
      version: member.version
    )
  }
}

/// How many backends and models a registry has.
public struct RegistryCounts: Sendable, Equatable {
  /// Engines, each once, whoever told of it.
  public var backends: Int
  /// How many of them are in each state; states that none is in are left out.
  public var states: [BackendState: Int]
  /// Models that `GET /v1/models` lists.
  public var models: Int
  /// Models that stay known although their last backend went away.
  public var rememberedModels: Int

  /// Backends that answer and have nothing against them.
  public var ready: Int { states[.ready] ?? 0 }
  /// Backends that requests may go to.
  public var usable: Int { states.reduce(0) { $0 + ($1.key.isUsable ? $1.value : 0) } }
}
