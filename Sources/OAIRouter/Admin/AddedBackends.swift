import OAIRDiscovery
import OAIRRouting
import OAIRSys

/// The backends that administrators added: those with names are looked up, and followed when their
/// addresses change, as those of the configuration are.
///
/// Owns one task per name.
actor AddedBackends {
  private let registry: BackendRegistry
  private let client: ControlClient
  private let own: OwnListeners
  private let resolve: StaticDiscoverer.Resolve?
  private var watches: [String: Task<Void, Never>] = [:]

  init(
    _ registry: BackendRegistry,
    _ client: ControlClient,
    own: [SocketAddress],
    resolve: StaticDiscoverer.Resolve? = nil
  ) {
    self.registry = registry
    self.resolve = resolve
    self.client = client
    self.own = OwnListeners(own)
  }

  /// What came of adding one.
  enum Outcome: Equatable {
    case registered(RegistrationOutcome)
    /// Its name has no address.
    case unresolved(String)
  }

  /// Registers a backend, once its name, if it has one, is resolved.
  func add(_ configured: ConfiguredBackend) async -> Outcome {
    let discoverer = StaticDiscoverer([configured], name: "admin", resolve: resolve)
    if let known = discoverer.known.first {
      forget(configured.id)
      return .registered(await Self.register(known, registry, own))
    }
    let (first, told) = AsyncStream.makeStream(of: Outcome.self)
    let watch = Task { [registry, client, own] in
      for await change in discoverer.changes(using: client) {
        switch change {
        case .appeared(let backend):
          told.yield(.registered(await Self.register(backend, registry, own)))
        case .troubled(let reason, _): told.yield(.unresolved(reason))
        default: break
        }
      }
    }
    var iterator = first.makeAsyncIterator()
    let outcome = await iterator.next() ?? .unresolved("it was given up")
    told.finish()
    switch outcome {
    case .unresolved, .registered(.refused): watch.cancel()
    case .registered:
      forget(configured.id)
      watches[configured.id] = watch
    }
    return outcome
  }

  /// Takes a backend away, whoever told of it.
  ///
  /// - Returns: false when there is none.
  func remove(_ id: String) async -> Bool {
    forget(id)
    return await registry.unregister(id: id)
  }

  /// Follows no name any more.
  func stop() {
    for watch in watches.values { watch.cancel() }
    watches = [:]
  }

  /// Not one that leads back here: its requests would go in circles.
  private static func register(
    _ backend: Backend,
    _ registry: BackendRegistry,
    _ own: OwnListeners
  ) async -> RegistrationOutcome {
    let address = backend.endpoint.address
    if own.contains(address) { return .refused("\(address) is this router's own address") }
    return await registry.register(backend)
  }

  private func forget(_ id: String) { watches.removeValue(forKey: id)?.cancel() }
}
