public import Logging
import Synchronization

/// The least severe level that is logged, to be changed while a router runs.
///
/// `LineLogHandler` goes by it, and so do the access lines, which have the level info.
public final class LogLevelSwitch: Sendable {
  private struct State {
    var level: Logger.Level
    var observers: [@Sendable (Logger.Level) -> Void] = []
  }

  private let state: Mutex<State>

  /// Makes a switch.
  public init(_ level: Logger.Level) { state = Mutex(State(level: level)) }

  /// The level.
  ///
  /// Readable and settable from any thread.
  public var level: Logger.Level {
    get { state.withLock { $0.level } }
    set {
      let observers = state.withLock { state in
        state.level = newValue
        return state.observers
      }
      for observer in observers { observer(newValue) }
    }
  }

  /// Tells of the level, now and whenever it changes.
  func observe(_ observer: @escaping @Sendable (Logger.Level) -> Void) {
    let level = state.withLock { state in
      state.observers.append(observer)
      return state.level
    }
    observer(level)
  }
}
