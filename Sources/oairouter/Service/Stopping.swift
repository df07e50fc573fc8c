/// What signals that stop the program mean, one after the other.
///
/// ```
///  serving --1st--> leaving --2nd--> draining --next--> exit
///     |                |                ^
///     |                +-- the delay ---+
///     +-- 1st, without a delay ---------+
/// ```
struct Stopping: Sendable {
  /// What is to be done about a signal.
  enum Step: Equatable {
    /// Go on serving for `drain_delay`, not ready any more; then drain.
    case leave
    /// Accept nothing new from now on.
    case drain
    /// End at once.
    case exit
  }

  private enum Phase {
    case serving
    case leaving(until: ContinuousClock.Instant)
    case draining
  }

  private var phase = Phase.serving

  /// A signal has come.
  ///
  /// - Parameters:
  ///   - delay: how long the router goes on serving at first; as the first signal finds it.
  ///   - now: when it has come.
  mutating func signalled(delay: Duration, now: ContinuousClock.Instant = .now) -> Step {
    switch phase {
    case .serving where delay > .zero:
      phase = .leaving(until: now + delay)
      return .leave
    case .leaving(let end) where now >= end:
      phase = .draining
      return .exit
    case .serving, .leaving:
      phase = .draining
      return .drain
    case .draining: return .exit
    }
  }
}
