public import OAIRRouting
public import OAIRSys

/// The backends that a user wrote down.
///
/// Those with addresses are known at once; those with names when they resolve, and again whenever
/// their addresses change.
public struct StaticDiscoverer: Discoverer {
  /// Looks a name up.
  public typealias Resolve = @Sendable (String, UInt16) async -> [SocketAddress]

  /// Its name in logs.
  public let name: String
  private let backends: [ConfiguredBackend]
  private let resolve: Resolve
  private let interval: Duration
  private let retry: Duration

  /// Makes a discoverer.
  ///
  /// - Parameters:
  ///   - backends: what the user wrote down.
  ///   - name: its name in logs.
  ///   - interval: time between two resolutions of a name.
  ///   - retry: the first pause after a resolution that failed; doubled up to `interval`.
  ///   - resolve: looks a name up; nil for the system's way.
  public init(
    _ backends: [ConfiguredBackend],
    name: String = "static",
    interval: Duration = DiscoveryLimits.resolveInterval,
    retry: Duration = DiscoveryLimits.resolveRetry,
    resolve: Resolve? = nil
  ) {
    self.backends = backends
    self.name = name
    self.interval = interval
    self.retry = retry
    let system = NameResolver()
    self.resolve = resolve ?? { await system.resolve(host: $0, port: $1) }
  }

  /// The backends with addresses.
  public var known: [Backend] { backends.compactMap(\.backend) }

  /// The backends with names, as they resolve and as their addresses change.
  public func changes(using client: ControlClient) -> AsyncStream<DiscoveryChange> {
    let (stream, continuation) = AsyncStream.makeStream(of: DiscoveryChange.self)
    let named = backends.filter { $0.name != nil }
    let task = Task.detached {
      // Every name has had its first try before the list counts as complete.
      let first = await withTaskGroup(of: (Int, SocketAddress?).self) { group in
        for (index, backend) in named.enumerated() {
          group.addTask { (index, await lookFirst(for: backend, continuation)) }
        }
        return await group.reduce(into: [Int: SocketAddress]()) { $0[$1.0] = $1.1 }
      }
      continuation.yield(.listed)
      await withDiscardingTaskGroup { group in
        for (index, backend) in named.enumerated() {
          group.addTask { await watch(backend, first[index], continuation) }
        }
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  /// Follows a name until the task is cancelled.
  private func watch(
    _ backend: ConfiguredBackend,
    _ first: SocketAddress?,
    _ continuation: AsyncStream<DiscoveryChange>.Continuation
  ) async {
    var known = first
    var pause = retry
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: known == nil ? pause : interval)
      } catch {
        return
      }
      pause = min(pause * 2, interval)
      let found = await look(for: backend, known: known, continuation)
      if known == nil, found != nil {
        pause = retry
        continuation.yield(.recovered(about: backend.id))
      }
      known = found ?? known
    }
  }

  /// Looks for the first time: a backend without an address is said to have none until it has one.
  private func lookFirst(
    for backend: ConfiguredBackend,
    _ continuation: AsyncStream<DiscoveryChange>.Continuation
  ) async -> SocketAddress? {
    if let found = await look(for: backend, known: nil, continuation) { return found }
    let host = backend.name?.host ?? ""
    let reason = "\"\(host)\" of backend \"\(backend.id)\" has no address"
    continuation.yield(.troubled(reason, about: backend.id))
    return nil
  }

  /// Looks once, and tells what is new.
  ///
  /// A name that fails to resolve leaves its backend where it was: a name service that is down is
  /// no reason to stop.
  private func look(
    for backend: ConfiguredBackend,
    known: SocketAddress?,
    _ continuation: AsyncStream<DiscoveryChange>.Continuation
  ) async -> SocketAddress? {
    guard let name = backend.name else { return nil }
    let addresses = await resolve(name.host, name.port)
    // The answer's order may change each time: the known address stays while it is in there.
    if let known, addresses.contains(known) { return known }
    guard let first = addresses.first, let found = backend.backend(at: first) else { return nil }
    continuation.yield(.appeared(found))
    return first
  }
}
