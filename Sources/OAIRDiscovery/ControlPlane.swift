public import OAIRRouting
public import OAIRSys

/// Everything that finds and watches backends: discoverers, prober, lister, and the registry that
/// they report to. It owns the discovery reactor, on a thread of its own, and never touches the
/// data plane.
///
///     discoverers ── changes ──► registry ── tables ──► data plane
///                                 │    ▲
///                          orders ▼    │ outcomes, models
///                            prober, lister ── client ── backends
public actor ControlPlane {
  /// Where backends are kept.
  public nonisolated let registry: BackendRegistry
  /// The client of probes and listings; discoverers may use it too.
  ///
  /// It runs from `start` on.
  public nonisolated let client: ControlClient
  /// What the configured backends go by among discoverers.
  public static let configuredName = ConfiguredBackends.name
  private let discoverers: [any Discoverer]
  private let backends: [ConfiguredBackend]
  private let configured: ConfiguredBackends
  private let own: OwnListeners
  private let report: @Sendable (ControlPlaneEvent) -> Void
  private var tasks: [Task<Void, Never>] = []

  /// Puts a control plane together.
  ///
  /// - Parameters:
  ///   - registry: made with the names of the discoverers among its `awaitedDiscoverers`; `static`
  ///     is that of the configured backends.
  ///   - client: not started yet.
  ///   - backends: those of the configuration, which `reconfigure` replaces.
  ///   - discoverers: with different names.
  ///   - own: where this router listens: no backend, whoever tells of it.
  ///   - report: told what happens; called on threads of the control plane, must return at once.
  public init(
    registry: BackendRegistry,
    client: ControlClient,
    backends: [ConfiguredBackend] = [],
    discoverers: [any Discoverer] = [],
    own: [SocketAddress] = [],
    report: @escaping @Sendable (ControlPlaneEvent) -> Void = { _ in }
  ) {
    self.registry = registry
    self.client = client
    self.backends = backends
    self.discoverers = discoverers
    self.own = OwnListeners(own)
    self.report = report
    configured = ConfiguredBackends(registry, client, own: self.own, report: report)
  }

  /// Starts discovery and probing; to be called once.
  ///
  /// When it returns, what the discoverers know without looking is registered.
  ///
  /// - Throws: `SystemError` when the discovery reactor can't be opened.
  public func start() async throws(SystemError) {
    try await client.start()
    let (rounds, continuation) = AsyncStream.makeStream(of: [ProbeOrder].self)
    tasks.append(
      Task.detached { [registry, client] in
        let worker = ProbeWorker(registry: registry, client: client)
        await withDiscardingTaskGroup { group in
          for await orders in rounds {
            for order in orders { group.addTask { await worker.carryOut(order) } }
          }
        }
      }
    )
    await registry.start { continuation.yield($0) }
    tasks.append(await configured.start(backends))
    for discoverer in discoverers {
      var found = Findings(discoverer.name, registry, own, report)
      for backend in discoverer.known { await found.take(.appeared(backend)) }
      tasks.append(
        Task.detached { [found, client] in
          var found = found
          for await change in discoverer.changes(using: client) { await found.take(change) }
        }
      )
    }
  }

  /// Takes another configuration over, all of it with one table.
  ///
  /// - Parameters:
  ///   - backends: in place of those that were configured before. Names that are new are looked up
  ///     first, for two seconds at most; one that resolves later has its backend come later.
  ///   - change: what else changes; its arriving and leaving backends come on top.
  ///   - prepare: called on the registry's queue right before the table is published.
  /// - Returns: what became of it; nil after `stop`.
  @discardableResult
  public func reconfigure(
    backends: [ConfiguredBackend],
    _ change: RegistryChange,
    prepare: @escaping @Sendable () -> Void = {}
  ) async -> RegistryChangeOutcome? {
    await configured.replace(
      ConfiguredBackends.Replacement(backends: backends, change: change, prepare: prepare)
    )
  }

  /// Ends discovery and probing.
  ///
  /// The last route table stays in force.
  public func stop() async {
    configured.stop()
    await registry.stop()
    for task in tasks { task.cancel() }
    await client.stop()
    for task in tasks { await task.value }
    tasks = []
  }
}

/// What one discoverer has found so far, on its way into the registry.
private struct Findings {
  let discoverer: String
  let registry: BackendRegistry
  let own: OwnListeners
  let report: @Sendable (ControlPlaneEvent) -> Void
  /// What it registered, and as whose: it can't take away what another source has told.
  private var sources: [String: Backend.Source] = [:]

  init(
    _ discoverer: String,
    _ registry: BackendRegistry,
    _ own: OwnListeners,
    _ report: @escaping @Sendable (ControlPlaneEvent) -> Void
  ) {
    self.discoverer = discoverer
    self.registry = registry
    self.own = own
    self.report = report
  }

  mutating func take(_ change: DiscoveryChange) async {
    switch change {
    case .appeared(let backend):
      let outcome =
        own.contains(backend.endpoint.address)
        ? .refused("this router itself listens there") : await registry.register(backend)
      if case .refused = outcome {} else { sources[backend.id] = backend.source }
      report(.found(backend, by: discoverer, outcome))
    case .disappeared(let id):
      guard let source = sources.removeValue(forKey: id) else { return }
      if await registry.unregister(id: id, source: source) { report(.lost(id: id, by: discoverer)) }
    case .stirred(let id):
      await registry.requestProbe(id: id)
    case .skipped(let skip):
      report(.skipped(skip, by: discoverer))
    case .watching(let what):
      report(.watching(what, by: discoverer))
    case .listed:
      await registry.discoveryListed(discoverer)
      report(.listed(discoverer))
    case .troubled(let reason):
      report(.troubled(discoverer, reason: reason))
    }
  }
}
