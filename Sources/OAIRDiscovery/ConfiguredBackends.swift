import OAIRRouting
import OAIRSys
import Synchronization

// What becomes of the configured backends is decided by one task, one event after the other: names
// that resolve, and whole configurations that replace the one before.

/// The backends of a configuration, and of each that takes its place.
///
/// Those with addresses are known at once; each one with a name has a task that follows it, whose
/// findings count only while the backend is configured in the same form.
final class ConfiguredBackends: Sendable {
  /// What logs and metrics call it.
  static let name = "static"

  /// What a configuration says beside its backends, and who waits for it to hold.
  struct Replacement: Sendable {
    let backends: [ConfiguredBackend]
    /// Without arriving and leaving backends: those follow from `backends`.
    let change: RegistryChange
    let prepare: @Sendable () -> Void
  }

  private enum Event: Sendable {
    case found(DiscoveryChange, id: String, version: UInt64)
    /// What the registry had no room for is offered to it once more.
    case retry
    case replace(
      Replacement,
      addresses: [String: SocketAddress],
      CheckedContinuation<RegistryChangeOutcome?, Never>
    )
  }

  private struct Entry {
    let backend: ConfiguredBackend
    let version: UInt64
    /// As the registry was told of it last.
    var registered: Backend?
    /// What the registry has refused last; it is offered again.
    var refused: Backend?
    var task: Task<Void, Never>?
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var version: UInt64 = 0
    /// By the ids of backends.
    var troubles = ToldTroubles()
    /// Names of the first configuration that have not had their first try, by version.
    var untried: Set<UInt64> = []
    var hasListed = false
    /// Until the refused are offered again.
    var retry: Task<Void, any Error>?
  }

  private let registry: BackendRegistry
  private let client: ControlClient
  private let own: OwnListeners
  private let resolve: StaticDiscoverer.Resolve
  private let retryPause: Duration
  private let report: @Sendable (ControlPlaneEvent) -> Void
  private let events: AsyncStream<Event>
  private let inbox: AsyncStream<Event>.Continuation
  /// Changed by the one task only.
  private let state = Mutex(State())

  init(
    _ registry: BackendRegistry,
    _ client: ControlClient,
    own: OwnListeners,
    resolve: StaticDiscoverer.Resolve? = nil,
    retryPause: Duration = DiscoveryLimits.refusedRetry,
    report: @escaping @Sendable (ControlPlaneEvent) -> Void
  ) {
    self.registry = registry
    self.client = client
    self.own = own
    let system = NameResolver()
    self.resolve = resolve ?? { await system.resolve(host: $0, port: $1) }
    self.retryPause = retryPause
    self.report = report
    (events, inbox) = AsyncStream.makeStream(of: Event.self)
  }

  /// Registers those with addresses, all with one table, and begins to follow the others.
  ///
  /// - Returns: the task that takes in whatever comes; it ends after `stop`.
  func start(_ backends: [ConfiguredBackend]) async -> Task<Void, Never> {
    var known: [(Backend, version: UInt64)] = []
    for backend in backends {
      let version = insert(backend)
      if let backend = backend.backend {
        if !isOwn(backend) { known.append((backend, version)) }
      } else {
        state.withLock { _ = $0.untried.insert(version) }
        follow(backend, version)
      }
    }
    await register(known)
    await tellListed()
    return Task.detached { [self] in
      for await event in events { await take(event) }
    }
  }

  /// Follows nothing any more; whoever waits for a replacement still gets it.
  func stop() {
    inbox.finish()
    let (tasks, retry) = state.withLock { ($0.entries.values.compactMap(\.task), $0.retry) }
    for task in tasks { task.cancel() }
    retry?.cancel()
  }

  /// Has another configuration take this one's place, with one table.
  ///
  /// Names that are new are looked up before, for `DiscoveryLimits.nameWait` at most: a backend
  /// whose name resolves later comes later.
  ///
  /// - Returns: what became of it; nil after `stop`.
  func replace(_ replacement: Replacement) async -> RegistryChangeOutcome? {
    let addresses = await self.addresses(of: replacement.backends.filter(isNew))
    return await withCheckedContinuation { continuation in
      let event = Event.replace(replacement, addresses: addresses, continuation)
      if case .enqueued = inbox.yield(event) { return }
      continuation.resume(returning: nil)
    }
  }

  private func isNew(_ backend: ConfiguredBackend) -> Bool {
    state.withLock { $0.entries[backend.id]?.backend != backend }
  }

  // MARK: - Names

  private func addresses(of backends: [ConfiguredBackend]) async -> [String: SocketAddress] {
    await withTaskGroup(of: (String, SocketAddress?).self) { group in
      for backend in backends {
        guard let name = backend.name else { continue }
        group.addTask { [resolve] in
          (backend.id, await Self.first(of: name, resolve))
        }
      }
      var found: [String: SocketAddress] = [:]
      for await (id, address) in group { found[id] = address }
      return found
    }
  }

  /// A look-up can't be stopped: one that takes too long goes on, and isn't waited for.
  private static func first(
    of name: ConfiguredBackend.Name,
    _ resolve: @escaping StaticDiscoverer.Resolve
  ) async -> SocketAddress? {
    let (answers, answer) = AsyncStream.makeStream(of: SocketAddress?.self)
    let lookUp = Task { answer.yield(await resolve(name.host, name.port).first) }
    let alarm = Task {
      try await Task.sleep(for: DiscoveryLimits.nameWait)
      answer.yield(nil)
    }
    defer {
      lookUp.cancel()
      alarm.cancel()
    }
    for await address in answers { return address }
    return nil
  }

  private func follow(_ backend: ConfiguredBackend, _ version: UInt64) {
    let task = Task.detached { [client, inbox, resolve] in
      let discoverer = StaticDiscoverer([backend], name: Self.name, resolve: resolve)
      for await change in discoverer.changes(using: client) {
        inbox.yield(.found(change, id: backend.id, version: version))
      }
    }
    state.withLock { $0.entries[backend.id]?.task = task }
  }

  // MARK: - Events

  private func take(_ event: Event) async {
    switch event {
    case .found(let change, let id, let version):
      guard let entry = entry(id), entry.version == version else { return }
      switch change {
      case .appeared(let backend):
        let told = entry.refused ?? entry.registered
        if backend != told, !isOwn(backend) { await register([(backend, version)]) }
        recovered(id)
      case .troubled(let reason, _):
        // One that has an address keeps it; that it's its former form's was told.
        if (entry.registered ?? entry.refused) == nil { troubled(reason, about: id) }
      case .recovered: recovered(id)
      case .listed:
        state.withLock { _ = $0.untried.remove(version) }
        await tellListed()
      default: break
      }
    case .replace(let replacement, let addresses, let continuation):
      continuation.resume(returning: await take(replacement, addresses))
    case .retry:
      state.withLock { $0.retry = nil }
      await register(refused(where: { _ in true }))
    }
  }

  private func take(
    _ replacement: Replacement,
    _ addresses: [String: SocketAddress]
  ) async -> RegistryChangeOutcome {
    let wanted = Set(replacement.backends.map(\.id))
    var change = replacement.change
    for entry in state.withLock({ $0.entries.values.sorted { $0.backend.id < $1.backend.id } })
    where !wanted.contains(entry.backend.id) {
      remove(entry.backend.id)
      recovered(entry.backend.id)
      guard let gone = entry.registered else { continue }
      change.leaving.append((gone.id, gone.source))
    }
    var versions: [UInt64] = []
    let unchanged = Set(replacement.backends.filter { !isNew($0) }.map(\.id))
    for (backend, version) in refused(where: unchanged.contains) {
      change.arriving.append(backend)
      versions.append(version)
    }
    for backend in replacement.backends where !unchanged.contains(backend.id) {
      let former = entry(backend.id)?.registered
      remove(backend.id)
      let found = backend.backend ?? addresses[backend.id].flatMap { backend.backend(at: $0) }
      // Without an address the former form's trouble stays, until the new one's name is looked up.
      if found != nil { recovered(backend.id) }
      if let found, isOwn(found) {
        // Nobody says any more that it is where it was.
        if let former { change.leaving.append((former.id, former.source)) }
        _ = insert(backend)
      } else {
        let version = insert(backend, registered: former)
        if let found {
          change.arriving.append(found)
          versions.append(version)
          // By another source it would only be displaced, and come back.
          if let former, former.source != found.source {
            change.leaving.append((former.id, former.source))
          }
        } else if let former {
          tellKept(former, until: backend)
        }
      }
      if backend.backend == nil, let version = entry(backend.id)?.version {
        follow(backend, version)
      }
    }
    let outcome = await registry.reconfigure(change, prepare: replacement.prepare)
    for (index, backend) in change.arriving.enumerated() {
      note(backend, versions[index], outcome.arrived[index])
    }
    for id in outcome.left { report(.lost(id: id, by: Self.name)) }
    await tellListed()
    return outcome
  }

  /// Registers backends, none of which leads back here, with one table.
  private func register(_ backends: [(Backend, version: UInt64)]) async {
    guard !backends.isEmpty else { return }
    let outcomes = await registry.register(contentsOf: backends.map(\.0))
    for ((backend, version), outcome) in zip(backends, outcomes) { note(backend, version, outcome) }
  }

  /// One that is configured anew stays where it was for lack of another address.
  private func tellKept(_ former: Backend, until backend: ConfiguredBackend) {
    guard let host = backend.name?.host else { return }
    let reason =
      "\"\(backend.id)\" stays at \(former.endpoint.address), as it was configured before, until "
      + "\"\(host)\" has an address"
    troubled(reason, about: backend.id)
  }

  private func troubled(_ reason: String, about id: String) {
    let isNews = state.withLock { $0.troubles.isNews(.troubled(reason, about: id)) }
    if isNews { report(.troubled(Self.name, reason: reason, about: id)) }
  }

  /// It has an address, or isn't configured any more.
  private func recovered(_ id: String) {
    let isNews = state.withLock { $0.troubles.isNews(.recovered(about: id)) }
    if isNews { report(.recovered(Self.name, about: id)) }
  }

  /// - Returns: true for one that leads back here, which is told.
  private func isOwn(_ backend: Backend) -> Bool {
    guard own.contains(backend.endpoint.address) else { return false }
    let refusal = RegistrationOutcome.refused("this router itself listens there")
    report(.found(backend, by: Self.name, refusal))
    return true
  }

  private func note(_ backend: Backend, _ version: UInt64, _ outcome: RegistrationOutcome) {
    let isTaken = if case .refused = outcome { false } else { true }
    let isNews = state.withLock { state in
      guard state.entries[backend.id]?.version == version else { return true }
      if isTaken { state.entries[backend.id]?.registered = backend }
      let former = state.entries[backend.id]?.refused
      state.entries[backend.id]?.refused = isTaken ? nil : backend
      if !isTaken { setRetry(&state) }
      // A refusal is told once.
      return isTaken || former != backend
    }
    if isNews { report(.found(backend, by: Self.name, outcome)) }
  }

  private func setRetry(_ state: inout State) {
    guard state.retry == nil else { return }
    state.retry = Task { [inbox, retryPause] in
      try await Task.sleep(for: retryPause)
      inbox.yield(.retry)
    }
  }

  /// What the registry has refused, in the order of the ids.
  private func refused(where isWanted: (String) -> Bool) -> [(Backend, version: UInt64)] {
    state.withLock { state in
      state.entries.values
        .compactMap { entry in
          guard isWanted(entry.backend.id) else { return nil }
          return entry.refused.map { ($0, version: entry.version) }
        }
        .sorted { $0.0.id < $1.0.id }
    }
  }

  // MARK: - Entries

  private func entry(_ id: String) -> Entry? { state.withLock { $0.entries[id] } }

  /// - Parameter registered: as the registry knows it by its former form, until it comes anew.
  private func insert(_ backend: ConfiguredBackend, registered: Backend? = nil) -> UInt64 {
    state.withLock { state in
      state.version += 1
      var entry = Entry(backend: backend, version: state.version)
      entry.registered = registered
      state.entries[backend.id] = entry
      return state.version
    }
  }

  private func remove(_ id: String) {
    let entry = state.withLock { state in
      let entry = state.entries.removeValue(forKey: id)
      if let entry { state.untried.remove(entry.version) }
      return entry
    }
    entry?.task?.cancel()
  }

  /// Every name of the first configuration has had its first try, or is configured no more.
  private func tellListed() async {
    let (isNews, hasBackends) = state.withLock { state in
      guard state.untried.isEmpty, !state.hasListed else { return (false, false) }
      state.hasListed = true
      return (true, !state.entries.isEmpty)
    }
    guard isNews else { return }
    await registry.discoveryListed(Self.name)
    if hasBackends { report(.listed(Self.name)) }
  }
}
