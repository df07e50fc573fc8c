import Synchronization

/// What became of upgrades, for metrics and status.
///
/// The program that makes them writes here; a router that is given it (`RouterOptions.upgrades`)
/// shows it. It goes from process to process. Callable from any thread.
public final class UpgradeRecord: Sendable {
  /// What is known.
  public struct State: Sendable, Equatable {
    /// How often a successor has taken over, on the way to this process and in it.
    public var succeeded: UInt64 = 0
    /// How often one couldn't.
    public var failed: UInt64 = 0
    /// Why the last one couldn't; nil when it could, or when there was none.
    public var problem: String?

    /// None so far.
    public init() {}
  }

  private let record: Mutex<State>

  /// - Parameter state: what predecessors have counted.
  public init(_ state: State = State()) { record = Mutex(state) }

  /// What is known.
  public var state: State { record.withLock { $0 } }

  /// A successor has taken over.
  public func succeeded() {
    record.withLock { state in
      state.succeeded += 1
      state.problem = nil
    }
  }

  /// One couldn't.
  ///
  /// - Parameter problem: why, in plain words.
  public func failed(_ problem: String) {
    record.withLock { state in
      state.failed += 1
      state.problem = problem
    }
  }
}
