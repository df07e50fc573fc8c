import OAIRAdmin
import OAIRSys
import Synchronization

/// Whether administrators are let in: from the router's start to its end, but for the time in which
/// another process, which has the same listener, answers them.
///
/// Callable from any thread.
final class Administration: Sendable {
  /// Starts to let them in; nil when there is no listener any more.
  typealias Start = @Sendable () throws(SystemError) -> AdminServer?

  private enum Phase {
    case closed
    /// They wait in the listener's backlog.
    case held
    /// They wait, and could be let in.
    case ready(Start)
    case open(AdminServer)
    case ended
  }

  private let phase = Mutex(Phase.closed)

  /// Has them wait until `admit`; before `begin`.
  func hold() {
    phase.withLock { phase in
      if case .closed = phase { phase = .held }
    }
  }

  /// Lets them in, or remembers how to.
  func begin(_ start: @escaping Start) throws(SystemError) {
    try phase.withLock { phase throws(SystemError) in
      switch phase {
      case .closed: phase = try start().map(Phase.open) ?? .ended
      case .held: phase = .ready(start)
      case .ready, .open, .ended: break
      }
    }
  }

  /// Lets those in who wait.
  func admit() throws(SystemError) {
    try phase.withLock { phase throws(SystemError) in
      switch phase {
      case .held: phase = .closed
      case .ready(let start): phase = try start().map(Phase.open) ?? .ended
      case .closed, .open, .ended: break
      }
    }
  }

  /// Lets nobody in any more, and waits for the answers under way.
  func stop() async {
    let server: AdminServer? = phase.withLock { phase in
      if case .open(let server) = phase { return server }
      phase = .ended
      return nil
    }
    await server?.stop()
  }
}
