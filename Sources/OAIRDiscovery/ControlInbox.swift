import OAIRSys
import Synchronization

/// The way into the control client's loop: commands in order, and an eventfd that wakes it.
///
/// Once closed it takes nothing, so that no caller waits for a loop that has ended.
final class ControlInbox: Sendable {
  private struct State {
    var commands: [ControlCommand] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake: EventFD

  init() throws(SystemError) { wake = try EventFD() }

  /// What the loop watches.
  var descriptor: FileDescriptor { wake.descriptor }

  /// Leaves a command.
  ///
  /// Callable from any thread.
  ///
  /// - Returns: false when the loop has ended.
  func submit(_ command: ControlCommand) -> Bool {
    let isTaken = state.withLock { state in
      if !state.isClosed { state.commands.append(command) }
      return !state.isClosed
    }
    if isTaken { wake.signal() }
    return isTaken
  }

  /// Takes what waits.
  ///
  /// On the loop's thread.
  func take() -> [ControlCommand] {
    wake.clear()
    return state.withLock { state in
      var commands: [ControlCommand] = []
      swap(&commands, &state.commands)
      return commands
    }
  }

  /// Takes what waits, and nothing ever after.
  func close() -> [ControlCommand] {
    state.withLock { $0.isClosed = true }
    return take()
  }
}
