import Logging
import OAIRRouting
import Synchronization

/// Logs each change of a backend's state, with the reason.
final class BackendStateLog: Sendable {
  private let logger: Logger
  /// By incarnation: a backend that is registered anew is another one.
  private let known = Mutex<[UInt64: BackendState]>([:])

  init(_ logger: Logger) { self.logger = logger }

  /// Compares a table with the one before.
  ///
  /// On the registry's queue.
  func published(_ table: RouteTable) {
    let former = known.withLock { known in
      let former = known
      known = Dictionary(
        uniqueKeysWithValues: table.backends.map { ($0.record.incarnation, $0.state) }
      )
      return former
    }
    for backend in table.backends {
      let before = former[backend.record.incarnation] ?? .unknown
      if backend.state != before { write(backend, before) }
    }
  }

  private func write(_ backend: RouteBackend, _ before: BackendState) {
    var metadata: Logger.Metadata = [
      "backend": .string(backend.record.id), "state": .string(backend.state.name),
      "before": .string(before.name),
    ]
    if let reason = backend.lastError { metadata["reason"] = .string(reason) }
    switch backend.state {
    case .down, .suspect: logger.warning("backend state", metadata: metadata)
    case .ready, .loading, .draining, .unknown: logger.notice("backend state", metadata: metadata)
    }
  }
}
