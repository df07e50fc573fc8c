import OAIRSys
import Synchronization

/// What became of attempts to read the configuration anew, for metrics and status.
///
/// The program that reads it writes here; a router that is given it (`RouterOptions.reloads`) shows
/// it. Callable from any thread.
public final class ReloadRecord: Sendable {
  /// What is known.
  public struct State: Sendable, Equatable {
    /// Configurations that were taken, with changes or without.
    public var taken: UInt64 = 0
    /// Configurations that were rejected.
    public var rejected: UInt64 = 0
    /// What was wrong with the last one; nil when nothing was.
    public var problem: String?
    /// When the one that holds was taken, in seconds since 1970.
    public var takenAt: Int
    /// Settings that have changed and wait for a restart.
    public var awaitingRestart: [String] = []
  }

  private let record: Mutex<State>

  /// The configuration of the start was taken now.
  public init() { record = Mutex(State(takenAt: WallTime.now())) }

  /// What is known.
  public var state: State { record.withLock { $0 } }

  /// A configuration holds from now on, or it is what holds already.
  ///
  /// - Parameter awaitingRestart: the settings in which it differs from what the router started
  ///   with, and that take a restart.
  public func taken(awaitingRestart: [String] = []) {
    record.withLock { state in
      state.taken += 1
      state.problem = nil
      state.takenAt = WallTime.now()
      state.awaitingRestart = awaitingRestart
    }
  }

  /// A configuration was rejected; the former one goes on.
  ///
  /// - Parameter problem: what is wrong with it, in plain words.
  public func rejected(_ problem: String) {
    record.withLock { state in
      state.rejected += 1
      state.problem = problem
    }
  }
}
