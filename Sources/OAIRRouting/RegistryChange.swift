/// What a new configuration changes in a registry, all of it with one table.
public struct RegistryChange: Sendable {
  /// When backends are doubted, given up and taken back.
  public var health: HealthPolicy
  /// The id of the backend that gets requests for models that nobody has.
  public var defaultBackend: String?
  /// Models that stand for others, without a `problem`.
  public var rewrites: ModelRewrites
  /// Backends that are new, or are there in another form.
  public var arriving: [Backend]
  /// The ids of backends that are gone, each with whoever had told of it.
  public var leaving: [(id: String, source: Backend.Source)]

  /// Names everything that a configuration says of a registry.
  public init(
    health: HealthPolicy,
    defaultBackend: String?,
    rewrites: ModelRewrites,
    arriving: [Backend] = [],
    leaving: [(id: String, source: Backend.Source)] = []
  ) {
    self.health = health
    self.defaultBackend = defaultBackend
    self.rewrites = rewrites
    self.arriving = arriving
    self.leaving = leaving
  }
}

/// What became of a change.
public struct RegistryChangeOutcome: Sendable, Equatable {
  /// What became of each arriving backend, in their order.
  public var arrived: [RegistrationOutcome]
  /// The ids of those that are gone: without those that had been taken away before.
  public var left: [String]
  /// The generation of the table that has all of it.
  public var generation: UInt64
}

extension BackendRegistry {
  /// Takes a new configuration over, with one new table.
  ///
  /// Those that come are taken before those that go, so that an engine which changes its id is
  /// never away; they get the places of those that go. The table is published at once, whatever the
  /// one before has cost.
  ///
  /// - Parameters:
  ///   - change: what the configuration says.
  ///   - prepare: called on the registry's queue right before the table is published: what
  ///     `publish` is to send along with it. Must return at once.
  /// - Returns: what became of it.
  @discardableResult
  public func reconfigure(
    _ change: RegistryChange,
    prepare: @Sendable () -> Void = {}
  ) -> RegistryChangeOutcome {
    if change.health != options.health {
      let now = options.now()
      options.health = change.health
      for key in members.keys {
        let jitter = Double.random(in: -1...1, using: &random)
        edit(key) { $0.machine.adopt(change.health, at: now, jitter: jitter) }
      }
    }
    options.defaultBackend = change.defaultBackend
    options.rewrites = change.rewrites
    // One that another source has displaced takes the place of the one that goes.
    let going = change.leaving.filter { isRegistered($0.id, $0.source) && displaced[$0.id] == nil }
    let places = Set(going.map(\.id)).count
    let arrived = change.arriving.map { add($0, places: places) }
    let left = change.leaving.filter { takeAway($0.id, $0.source) }.map(\.id)
    prepare()
    publishAtOnce()
    return RegistryChangeOutcome(arrived: arrived, left: left, generation: table.generation)
  }
}
