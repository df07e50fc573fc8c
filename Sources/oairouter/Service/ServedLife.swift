import Glibc
import OAIRouter

/// A served router from its start to the end of the process: with the signals that end it, and the
/// processes before and behind it.
struct ServedLife: Sendable {
  let router: Router
  let demo: DemoBackend?
  let lines: LineSink?
  let logger: Logger
  let service: Supervisor?
  /// In whose place this process is to go on; nil for none.
  let predecessor: Predecessor?
  let upgrader: Upgrader

  /// Runs the router; the process ends with it.
  func run() async {
    do {
      if predecessor == nil { service?.started(router) } else { beginBesidePredecessor() }
      try await router.run { router in
        guard let predecessor else { return }
        try await predecessor.admission(of: router)
        Task.detached { await arrive(from: predecessor) }
      }
      demo?.stop()
      lines?.flush()
      Glibc.exit(upgrader.hasLostSuccessor ? CommandFailure.failed : 0)
    } catch {
      lines?.flush()
      let text = (error as? CommandFailure)?.text ?? "\(error)"
      predecessor?.tell(text)
      Terminal.writeError("oairouter: \(text)\n")
      Glibc.exit(CommandFailure.failed)
    }
  }

  /// Files of sockets and administrators are the predecessor's until it leaves.
  private func beginBesidePredecessor() {
    router.leaveFiles(true)
    router.holdAdministrators()
  }

  /// The process is the service once its predecessor says so, and speaks for it from then on.
  private func arrive(from predecessor: Predecessor) async {
    // One that goes on itself has this process end.
    guard await predecessor.leaves() else { return }
    router.leaveFiles(false)
    // Before administrators are let in: the first of them may want the next upgrade.
    upgrader.arrived()
    do throws(RouterError) { try router.admitAdministrators() } catch {
      logger.error("no administration", metadata: ["reason": "\(error)"])
    }
    service?.started(router)
    logger.notice("took over", metadata: ["from_pid": "\(predecessor.note.parent)"])
  }

  /// Does what signals say; the process ends with the router, or with the last one that says so.
  ///
  /// - Parameter outlivesTerminal: the terminal that it was started from may go.
  func obey(
    _ signals: borrowing SignalFD,
    _ reloader: ConfigurationReloader,
    outlivesTerminal: Bool
  ) {
    var stopping = Stopping()
    while true {
      let signal = signals.received()
      // The kernel's own: the terminal that it was started from is gone.
      if signal.number == SIGHUP, !signal.isFromKernel || outlivesTerminal {
        reloader.request()
        continue
      }
      if let predecessor, !predecessor.hasAdmitted { Glibc.exit(CommandFailure.failed) }
      if upgrader.isRetired { stopping.retire() }
      upgrader.stop()
      // The router first: a manager that doesn't read must not keep anybody from stopping.
      switch stopping.signalled(isTerminal: signal.number != SIGTERM, delay: router.drainDelay) {
      case .leave:
        router.drain()
        service?.stopping(.leaving)
      case .drain:
        router.drain(now: true)
        service?.stopping(.draining)
      case .exit: Glibc.exit(CommandFailure.failed)
      case .none: break
      }
    }
  }
}
