public import OAIRRouting
import Synchronization

/// What the reactors saw of their backends, on its way to the registry: gathered per tick,
/// coalesced, with at most one wake-up outstanding.
///
/// Signals are numbered here, so that the order of their numbers is that in which they arrive,
/// whichever reactor they come from.
public final class SignalOutbox: Sendable {
  /// LIMIT: signals that wait; beyond it the oldest opinions are dropped, the registry's own probes
  /// will tell.
  public static let capacity = 4096

  private struct State {
    var waiting: [BackendSignal] = []
    var isWakeUpOutstanding = false
    var sequence: UInt64 = 0
  }

  private let state = Mutex(State())
  private let wake: @Sendable () -> Void

  /// Makes an empty outbox.
  ///
  /// - Parameter wake: called on the reactor's thread when signals wait and nobody was told yet; it
  ///   must not block.
  public init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  /// Leaves signals.
  ///
  /// On a reactor's thread, at the end of a tick that saw any.
  ///
  /// - Returns: the number that the first one has got; the others follow.
  func post(_ signals: [BackendSignal]) -> UInt64 {
    let (first, mustWake) = state.withLock { state in
      let first = state.sequence + 1
      for var signal in signals {
        state.sequence += 1
        signal.sequence = state.sequence
        state.waiting.append(signal)
      }
      Self.shorten(&state.waiting)
      defer { state.isWakeUpOutstanding = true }
      return (first, !state.isWakeUpOutstanding)
    }
    if mustWake { wake() }
    return first
  }

  /// Facts stay as long as they can: the reactor uses a backend again only once its refusal is
  /// acknowledged.
  private static func shorten(_ waiting: inout [BackendSignal]) {
    var excess = waiting.count - capacity
    guard excess > 0 else { return }
    waiting.removeAll { signal in
      guard excess > 0, signal.kind != .refused else { return false }
      excess -= 1
      return true
    }
    waiting.removeFirst(excess)
  }

  /// Takes all that wait, oldest first.
  ///
  /// On the registry's side.
  public func take() -> [BackendSignal] {
    state.withLock { state in
      defer {
        state.waiting = []
        state.isWakeUpOutstanding = false
      }
      return state.waiting
    }
  }
}
