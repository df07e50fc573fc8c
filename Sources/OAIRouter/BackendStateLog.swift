import Logging
import OAIRRouting
import Synchronization

/// Logs each change of a backend's state, with the reason, and what else is found to be wrong.
final class BackendStateLog: Sendable {
  private let logger: Logger
  /// By incarnation: a backend that is registered anew is another one.
  private let known = Mutex<[UInt64: Known]>([:])

  private struct Known {
    let state: BackendState
    let trouble: String?
  }

  init(_ logger: Logger) { self.logger = logger }

  /// Compares a table with the one before.
  ///
  /// On the registry's queue.
  func published(_ table: RouteTable) {
    let former = known.withLock { known in
      let former = known
      known = Dictionary(
        uniqueKeysWithValues: table.backends.map {
          ($0.record.incarnation, Known(state: $0.state, trouble: $0.lastError))
        }
      )
      return former
    }
    for backend in table.backends {
      let before = former[backend.record.incarnation]
      if backend.state != before?.state ?? .unknown {
        write(backend, before?.state ?? .unknown)
      } else if backend.state == .ready, let trouble = backend.lastError,
        trouble != before?.trouble
      {
        logger.warning(
          "backend in trouble",
          metadata: ["backend": .string(backend.record.id), "reason": .string(trouble)]
        )
      }
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
