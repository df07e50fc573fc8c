import OAIRRouting

/// What one discoverer has found so far, on its way into the registry.
struct Findings: Sendable {
  private enum Event {
    case change(DiscoveryChange)
    case retry
  }

  private let discoverer: String
  private let registry: BackendRegistry
  private let own: OwnListeners
  private let retryPause: Duration
  private let report: @Sendable (ControlPlaneEvent) -> Void
  /// What it registered, and as whose: it can't take away what another source has told.
  private var sources: [String: Backend.Source] = [:]
  /// What the registry hasn't taken, for want of room as a rule.
  ///
  /// LIMIT: by what the discoverer itself keeps.
  private var refused: [String: Backend] = [:]
  private var isRetryDue = false
  private var troubles = ToldTroubles()

  init(
    _ discoverer: String,
    _ registry: BackendRegistry,
    own: OwnListeners,
    retryPause: Duration = DiscoveryLimits.refusedRetry,
    report: @escaping @Sendable (ControlPlaneEvent) -> Void
  ) {
    self.discoverer = discoverer
    self.registry = registry
    self.own = own
    self.retryPause = retryPause
    self.report = report
  }

  /// Takes in whatever comes, until the stream ends or the task is cancelled.
  mutating func follow(_ changes: AsyncStream<DiscoveryChange>) async {
    let (events, inbox) = AsyncStream.makeStream(of: Event.self)
    await withDiscardingTaskGroup { group in
      group.addTask {
        for await change in changes { inbox.yield(.change(change)) }
        inbox.finish()
      }
      for await event in events {
        switch event {
        case .change(let change): await take(change)
        case .retry:
          isRetryDue = false
          await offerRefused()
        }
        guard !refused.isEmpty, !isRetryDue else { continue }
        isRetryDue = true
        group.addTask { [retryPause] in
          try? await Task.sleep(for: retryPause)
          inbox.yield(.retry)
        }
      }
      group.cancelAll()
    }
  }

  mutating func take(_ change: DiscoveryChange) async {
    switch change {
    case .appeared(let backend): await offer(backend)
    case .disappeared(let id):
      refused[id] = nil
      guard let source = sources.removeValue(forKey: id) else { return }
      guard await registry.unregister(id: id, source: source) else { return }
      report(.lost(id: id, by: discoverer))
      await offerRefused()
    case .stirred(let id):
      await registry.requestProbe(id: id)
    case .skipped(let skip):
      report(.skipped(skip, by: discoverer))
    case .watching(let what):
      report(.watching(what, by: discoverer))
    case .listed:
      await registry.discoveryListed(discoverer)
      report(.listed(discoverer))
    case .troubled(let reason, let subject):
      guard troubles.isNews(change) else { return }
      report(.troubled(discoverer, reason: reason, about: subject))
    case .recovered(let subject):
      guard troubles.isNews(change) else { return }
      report(.recovered(discoverer, about: subject))
    }
  }

  /// Another source may have made room.
  private mutating func offerRefused() async {
    for backend in refused.values.sorted(by: { $0.id < $1.id }) { await offer(backend) }
  }

  private mutating func offer(_ backend: Backend) async {
    // That doesn't change while it runs: it isn't offered again.
    guard !own.contains(backend.endpoint.address) else {
      refused[backend.id] = nil
      return report(.found(backend, by: discoverer, .refused("this router itself listens there")))
    }
    let outcome = await registry.register(backend)
    guard case .refused = outcome else {
      refused[backend.id] = nil
      sources[backend.id] = backend.source
      return report(.found(backend, by: discoverer, outcome))
    }
    // A refusal is told once.
    if refused.updateValue(backend, forKey: backend.id) != backend {
      report(.found(backend, by: discoverer, outcome))
    }
  }
}
