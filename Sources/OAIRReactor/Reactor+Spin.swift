import OAIRSys

// A thread that sleeps in epoll_wait(2) takes its time to wake up: tens of microseconds, more on a
// virtual machine. One that polls instead has its events at once, and burns the time for it. So it
// is asked for (`spin`), it is bounded, and it only follows upon events: a loop that timers wake,
// or nobody, sleeps as ever.

/// What came of polling before sleeping.
public struct SpinCounts: Sendable, Equatable {
  /// Waits that ended while the loop polled.
  public internal(set) var hits: UInt64 = 0
  /// Waits for which the loop went to sleep after all.
  public internal(set) var misses: UInt64 = 0

  /// None.
  public init() {}
}

extension Reactor {
  /// Polls for as long as `spin` says, then sleeps.
  ///
  /// - Parameters:
  ///   - timeout: how long it may sleep, in milliseconds; -1 for ever, never 0.
  ///   - limit: as that of `wait`.
  ///   - isActive: the tick before had events.
  /// - Returns: how many events there are.
  @usableFromInline
  mutating func spinOrSleep(_ timeout: Int32, limit: UInt64?, isActive: Bool) -> Int {
    guard isActive else { return kernel.wait(timeoutMilliseconds: timeout) }
    let end = min(kernel.now() &+ spin, dueTime(limit: limit))
    repeat {
      let count = kernel.wait(timeoutMilliseconds: 0)
      if count > 0 {
        spins.hits &+= 1
        return count
      }
    } while kernel.now() < end
    spins.misses &+= 1
    // Polling was waiting, not work.
    let worked = lastTurn
    let rest = waitTime(limit: limit)
    tick.lastTurn = worked
    return kernel.wait(timeoutMilliseconds: rest)
  }
}
