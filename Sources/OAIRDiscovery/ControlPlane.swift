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
      var found = Findings(discoverer.name, registry, own: own, report: report)
      for backend in discoverer.known { await found.take(.appeared(backend)) }
      tasks.append(
        Task.detached { [found, client] in
          var found = found
          await found.follow(discoverer.changes(using: client))
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
