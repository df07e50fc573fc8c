/// What signals that stop the program mean, one after the other.
///
/// ```
///  serving --1st--> leaving --2nd--> draining --next--> exit
///     |                |                ^
///     |                +-- the delay ---+
///     +-- 1st, without a delay ---------+
///     +-- an upgrade --> retired -------+ SIGINT
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
    /// Nothing: it is about to end as it is.
    case none
  }

  private enum Phase {
    case serving
    case leaving(until: ContinuousClock.Instant)
    case draining
    case retired
  }

  private var phase = Phase.serving

  /// Another process serves, and this one finishes what it has begun.
  ///
  /// What a service manager sends to both is meant for the other one, however often: it would cut
  /// streams that have their time. Somebody at a terminal is heard.
  mutating func retire() {
    switch phase {
    case .serving, .leaving: phase = .retired
    case .draining, .retired: break
    }
  }

  /// A signal has come.
  ///
  /// - Parameters:
  ///   - isTerminal: from somebody at a terminal, or for want of it.
  ///   - delay: how long the router goes on serving at first; as the first signal finds it.
  ///   - now: when it has come.
  mutating func signalled(
    isTerminal: Bool = false,
    delay: Duration,
    now: ContinuousClock.Instant = .now
  ) -> Step {
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
    case .retired:
      if isTerminal { phase = .draining }
      return .none
    }
  }
}
