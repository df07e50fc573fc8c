import Glibc
import OAIRouter
import Synchronization

// One upgrade at a time: a thread of its own starts the successor and agrees with it (the steps are
// those of `HandoverWord`). Until the commit everything can be taken back, and this process has not
// changed; from the commit on the other one serves.
//
//   arriving --arrived--> serving --request--> upgrading --commit--> retired
//                            ^                     |
//                            +----- it can't ------+       stopping: SIGTERM, from anywhere

/// Has another process go on in this one's place when an administrator asks for it.
///
/// Callable from any thread.
final class Upgrader: Sendable {
  private enum Phase {
    /// Whose place this one takes still serves.
    case arriving
    case serving
    /// With the process that is to go on, once it is started.
    case upgrading(ChildProcess?)
    /// That process accepts clients beside this one: it isn't killed any more, but told to finish.
    case sharing
    case retired
    case stopping
  }

  /// Who takes part, beside the two processes.
  private struct Parts {
    let router: Router
    let service: Supervisor?
    let logger: Logger
  }

  private struct State {
    var phase: Phase
    var parts: Parts?
    /// The successor has ended in a way that it was not told to.
    var hasLostSuccessor = false
  }

  /// What became of upgrades.
  let record: UpgradeRecord
  private let start: ProcessStart
  private let outlivesTerminal: Bool
  private let state: Mutex<State>

  /// - Parameters:
  ///   - start: how this process was started.
  ///   - note: what a predecessor has told it, if it has one.
  ///   - outlivesTerminal: the terminal that it was started from may go.
  init(_ start: ProcessStart, after note: HandoverNote?, outlivesTerminal: Bool) {
    self.start = start
    self.outlivesTerminal = outlivesTerminal
    record = UpgradeRecord(note?.upgrades ?? UpgradeRecord.State())
    state = Mutex(State(phase: note == nil ? .serving : .arriving))
  }

  /// Says who is to be replaced, and who is to be told.
  func attach(_ router: Router, _ service: Supervisor?, _ logger: Logger) {
    state.withLock { $0.parts = Parts(router: router, service: service, logger: logger) }
  }

  /// The predecessor serves nobody new any more.
  func arrived() {
    state.withLock { state in
      if case .arriving = state.phase { state.phase = .serving }
    }
  }

  /// This process serves nobody new any more: another one does.
  var isRetired: Bool {
    state.withLock { state in if case .retired = state.phase { true } else { false } }
  }

  /// This process has ended before its time because its successor had.
  var hasLostSuccessor: Bool { state.withLock { $0.hasLostSuccessor } }

  /// This process is about to end: a successor that isn't in its place yet won't be.
  func stop() {
    state.withLock { state in
      switch state.phase {
      // It goes by its drain, and still looks after its successor.
      case .retired: return
      case .upgrading(let child): child?.send(SIGKILL)
      case .arriving, .serving, .sharing, .stopping: break
      }
      state.phase = .stopping
    }
  }

  // MARK: - An upgrade

  /// Does what an administrator asks for.
  func upgrade(_ request: UpgradeRequest) async -> UpgradeOutcome {
    let parts: Parts
    switch begin() {
    case .failure(let refusal): return .refused(reason: refusal.reason)
    case .success(let known): parts = known
    }
    let program = request.program ?? start.program
    parts.logger.notice("upgrade begun", metadata: ["program": .string(program)])
    let outcome = await withCheckedContinuation { continuation in
      OwnThread.start("oair-upgrade") {
        continuation.resume(returning: self.perform(program, within: request.deadline, parts))
      }
    }
    switch outcome {
    case .done(let pid, let version):
      record.succeeded()
      parts.logger.notice("upgraded", metadata: ["pid": "\(pid)", "version": .string(version)])
    case .failed(let reason), .refused(let reason):
      record.failed(reason)
      parts.logger.error("upgrade failed", metadata: ["reason": .string(reason)])
    }
    return outcome
  }

  private struct Refusal: Error {
    let reason: String
  }

  private func begin() -> Result<Parts, Refusal> {
    // A container ends with it, whoever else is in it.
    guard getpid() != 1 else {
      return .failure(
        Refusal(
          reason: "The router is process 1, and a container ends with that one, successor and all. "
            + "Start a container of the new image instead."
        )
      )
    }
    return state.withLock { state in
      guard let parts = state.parts else {
        return .failure(Refusal(reason: "The router has only just started. Ask again."))
      }
      switch state.phase {
      case .serving:
        state.phase = .upgrading(nil)
        return .success(parts)
      case .arriving, .upgrading, .sharing:
        return .failure(Refusal(reason: "Another upgrade is at work. Wait for its end."))
      case .retired: return .failure(Refusal(reason: "Another process serves already."))
      case .stopping: return .failure(Refusal(reason: "The router is shutting down."))
      }
    }
  }

  /// Blocks, at most a little longer than the deadline.
  private func perform(
    _ program: String,
    within limit: Duration,
    _ parts: Parts
  ) -> UpgradeOutcome {
    let deadline = ContinuousClock.now + limit
    let successor: Successor
    do throws(Successor.Failure) {
      successor = try begin(program, parts)
    } catch {
      giveUp()
      return .failed(reason: error.reason)
    }
    var mayHaveClients = false
    do throws(Successor.Failure) {
      let version = try successor.prepared(until: deadline)
      mayHaveClients = true
      try share()
      try successor.serve(until: deadline)
      try commit(successor, parts, until: deadline)
      watch(successor.process, parts)
      return .done(pid: successor.process.pid, version: version)
    } catch {
      let ending = end(successor.process, gently: mayHaveClients)
      giveUp()
      guard error.reason.isEmpty else { return .failed(reason: "\(program): \(error.reason)") }
      return .failed(reason: "\(program) \(ending) before it was ready; its words are in the log")
    }
  }

  private func begin(
    _ program: String,
    _ parts: Parts
  ) throws(Successor.Failure) -> Successor {
    let listeners: [HandedListener]?
    do throws(SystemError) { listeners = try parts.router.handedListeners() } catch {
      throw Successor.Failure(reason: "no listener can be handed over: \(error)")
    }
    guard let listeners else {
      throw Self.shuttingDown
    }
    defer { for listener in listeners { _ = OwnedFD(owning: listener.descriptor) } }
    let successor = try Successor.start(
      program,
      as: start,
      listeners,
      record.state,
      isWatched: parts.service?.isWatching ?? false,
      outlivesTerminal: outlivesTerminal
    )
    let isWanted = state.withLock { state in
      guard case .upgrading = state.phase else { return false }
      state.phase = .upgrading(successor.process)
      return true
    }
    // Told to stop meanwhile.
    if !isWanted { successor.process.send(SIGKILL) }
    return successor
  }

  /// From here on the successor may have clients.
  private func share() throws(Successor.Failure) {
    let isWanted = state.withLock { state in
      guard case .upgrading = state.phase else { return false }
      state.phase = .sharing
      return true
    }
    guard isWanted else { throw Self.shuttingDown }
  }

  /// The one moment: before it this process serves, behind it the other one.
  ///
  /// The manager hears of it first: one that can't be told ends no service.
  private func commit(
    _ successor: Successor,
    _ parts: Parts,
    until deadline: ContinuousClock.Instant
  ) throws(Successor.Failure) {
    guard successor.isThere else { throw Self.successorGone }
    let limit = max(ContinuousClock.now.duration(to: deadline), NotifySocket.patience)
    if parts.service?.handOver(to: successor.process.pid, within: limit) == false {
      throw Successor.Failure(reason: "the service manager takes no notification")
    }
    let isCommitted = state.withLock { state in
      guard case .sharing = state.phase else { return false }
      state.phase = .retired
      return true
    }
    do throws(Successor.Failure) {
      guard isCommitted else { throw Self.shuttingDown }
      // It may have ended while the manager was waited for.
      guard successor.leave() else { throw Self.successorGone }
    } catch {
      resume(parts)
      throw error
    }
    parts.router.retire()
  }

  private static let successorGone = Successor.Failure(
    reason: "it ended when it was to take over"
  )
  private static let shuttingDown = Successor.Failure(reason: "the router is shutting down")

  /// This process is the service after all.
  private func resume(_ parts: Parts) {
    state.withLock { state in if case .retired = state.phase { state.phase = .sharing } }
    parts.service?.takeBack(isGoingOn: true)
  }

  /// Ends a process that can't go on.
  ///
  /// - Parameter gently: it may have clients by now, and finishes with them.
  private func end(_ process: ChildProcess, gently: Bool) -> String {
    guard gently else {
      process.send(SIGKILL)
      return "\(process.wait())"
    }
    process.send(SIGTERM)
    OwnThread.start("oair-successor") { _ = process.wait() }
    return "stopped"
  }

  private func giveUp() {
    state.withLock { state in
      switch state.phase {
      case .upgrading, .sharing: state.phase = .serving
      case .arriving, .serving, .retired, .stopping: break
      }
    }
  }

  // MARK: - Afterwards

  /// Waits for the successor's end: while this process is there, the service manager doesn't hear
  /// of it, for it is this process's child.
  private func watch(_ process: ChildProcess, _ parts: Parts) {
    OwnThread.start("oair-successor") { [self] in
      let ending = process.wait()
      let isLost = state.withLock { state in
        guard case .retired = state.phase, ending != .exited(0) else { return false }
        state.hasLostSuccessor = true
        return true
      }
      guard isLost else { return }
      parts.logger.error(
        "successor lost",
        metadata: ["pid": "\(process.pid)", "reason": .string("\(ending)")]
      )
      // Whoever would start the service again waits for this process's end. Without such a manager
      // there is nothing to be won by it.
      guard let service = parts.service else { return }
      service.takeBack(isGoingOn: false)
      parts.router.stop()
    }
  }
}
