import OAIRRouting
import Synchronization

/// Follows services for ever: tells the differences between what they were and what they are.
///
/// A name server that doesn't answer, or that failed, is not a backend that is gone: what was there
/// stays until somebody says otherwise.
struct DNSFollower: Sendable {
  private let services: [DNSService]
  private let ask: @Sendable (DNSService) -> DNSLookup.Ask
  private let wait: @Sendable (Duration) async throws -> Void

  /// - Parameters:
  ///   - services: what to follow.
  ///   - ask: the way to the name server of a service.
  ///   - wait: lets time pass.
  init(
    _ services: [DNSService],
    ask: @escaping @Sendable (DNSService) -> DNSLookup.Ask,
    wait: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.services = services
    self.ask = ask
    self.wait = wait
  }

  /// Follows until the task is cancelled.
  func follow(_ tell: @escaping @Sendable (DiscoveryChange) -> Void) async {
    guard !services.isEmpty else { return tell(.listed) }
    let progress = DNSProgress(services: services.count)
    await withDiscardingTaskGroup { group in
      for index in services.indices {
        group.addTask { await follow(index, progress, tell) }
      }
    }
  }

  private func follow(
    _ index: Int,
    _ progress: DNSProgress,
    _ tell: @Sendable (DiscoveryChange) -> Void
  ) async {
    let subject = subject(index)
    var lookup = DNSLookup(services[index], ask: ask(services[index]))
    var known: [String: Backend] = [:]
    var trouble: String?
    var failures = 0
    while true {
      let findings = await lookup.look()
      guard !Task.isCancelled else { return }
      let new: String?
      switch findings {
      case .backends(let backends, _):
        replace(&known, by: backends, index, progress, tell)
        new = nil
      case .nothing:
        replace(&known, by: [], index, progress, tell)
        new = "there are no such records"
      case .failed(let reason):
        new = reason + (known.isEmpty ? "" : "; the former backends stay")
      }
      if let new, new != trouble { tell(.troubled("\(subject): \(new)", about: subject)) }
      if new == nil, trouble != nil { tell(.recovered(about: subject)) }
      trouble = new
      if case .failed = findings { failures += 1 } else { failures = 0 }
      if progress.isLast(index) { tell(.listed) }
      do { try await wait(Self.pause(after: findings, failures, services[index].maxTTL)) } catch {
        return
      }
    }
  }

  /// What a service's troubles are about: its name, and its place where another one has that name.
  private func subject(_ index: Int) -> String {
    let name = services[index].name
    let isOnly = services.count { $0.name == name } == 1
    return isOnly ? name : "\(name), service \(index + 1)"
  }

  /// What is new or different is told first, then what is gone.
  private func replace(
    _ known: inout [String: Backend],
    by backends: [Backend],
    _ index: Int,
    _ progress: DNSProgress,
    _ tell: (DiscoveryChange) -> Void
  ) {
    var found: [String: Backend] = [:]
    for backend in backends where found[backend.id] == nil {
      guard progress.claim(backend.id, index) else { continue }
      found[backend.id] = backend
      if known[backend.id] != backend { tell(.appeared(backend)) }
    }
    for id in known.keys.sorted() where found[id] == nil {
      progress.disclaim(id)
      tell(.disappeared(id: id))
    }
    known = found
  }

  private static func pause(
    after findings: DNSFindings,
    _ failures: Int,
    _ longest: Duration
  ) -> Duration {
    switch findings {
    case .backends(_, let ttl):
      min(max(ttl, DiscoveryLimits.dnsLeastPause), longest)
    case .nothing(let ttl):
      min(max(ttl, DiscoveryLimits.dnsLeastPause), DiscoveryLimits.dnsNegative, longest)
    case .failed:
      min(DiscoveryLimits.dnsLeastPause * (1 << min(failures - 1, 10)), DiscoveryLimits.dnsNegative)
    }
  }
}

/// What the services of a follower share.
private final class DNSProgress: Sendable {
  private struct State {
    /// Services that weren't looked up yet.
    var untold: Set<Int>
    /// Which service told of an id: two may lead to one host.
    var owners: [String: Int] = [:]
  }

  private let state: Mutex<State>

  init(services: Int) { state = Mutex(State(untold: Set(0..<services))) }

  /// True once: for the last service to be looked up first.
  func isLast(_ index: Int) -> Bool {
    state.withLock { $0.untold.remove(index) != nil && $0.untold.isEmpty }
  }

  /// False for an id that another service tells of.
  func claim(_ id: String, _ index: Int) -> Bool {
    state.withLock { state in
      let owner = state.owners[id, default: index]
      state.owners[id] = owner
      return owner == index
    }
  }

  func disclaim(_ id: String) { state.withLock { $0.owners[id] = nil } }
}
