/// Decides what state a backend is in.
///
/// Pure: the clock, the jitter and the fleet's consent are passed in. One per backend, owned by the
/// registry, on its queue.
///
///                      answer of a probe
///       unknown ────────────────────────────────────────► ready ◄─────────────┐
///          │   ▲ loading ──── answer ───────────────────►  │ │                │ probe's answer,
///          │      ▲                              timeouts, │ │                │ success, or the
///          │      │ says so (from anywhere)      5xx: only │ │ refused,       │ doubt's time is
///          │      │                       with consent     ▼ │ unreachable,   │ over
///          │      │                                  suspect │ gone, bad ─────┘
///          └──────┴── refused, unreachable, gone ──► down ◄──┘ answers
///
/// `draining` is laid over these: the health below it goes on, and a fact (`down`) shows through.
public struct HealthMachine: Sendable, Equatable {
  /// What is known, apart from a drain.
  public private(set) var health: BackendState = .unknown
  /// True while the backend is to get nothing new.
  public private(set) var isDraining = false
  /// When `health` last changed.
  public private(set) var changedAt: UInt64
  /// When the next probe is due.
  public private(set) var nextProbe: UInt64
  /// Why it isn't ready; nil while it is.
  public private(set) var doubt: HealthDoubt?

  private var policy: HealthPolicy
  private var lastProbe: UInt64?
  private var lastBytes: UInt64?
  private var isProbeRequested = false
  /// The time between probes while it is away; grows after the first minute.
  private var awayDelay: UInt64
  private var awaySince: UInt64
  private var timeouts = 0
  private var badAnswers = 0
  private var successes = 0
  private var statusFailures = 0
  /// Set while status failures are the reason of the suspicion: it ends by itself.
  private var suspicionEnds: UInt64?
  private var suspicionEnded: UInt64?
  private var nextSuspicion: UInt64
  /// Set when it has come up and wasn't probed at the interval yet.
  private var isPhaseOpen = true

  /// Starts as `unknown`, with a probe due at once.
  ///
  /// - Parameters:
  ///   - policy: the thresholds.
  ///   - now: nanoseconds on any clock that doesn't go back.
  public init(policy: HealthPolicy, at now: UInt64) {
    self.policy = policy
    changedAt = now
    nextProbe = now
    awaySince = now
    awayDelay = HealthPolicy.fastInterval.nanoseconds
    nextSuspicion = HealthPolicy.suspicion.nanoseconds
  }

  /// Goes by other thresholds from now on; what was counted so far stays counted.
  ///
  /// - Parameters:
  ///   - policy: the thresholds.
  ///   - now: nanoseconds on the clock of `init`.
  ///   - jitter: −1…1: a probe that would come too late falls anywhere within the new interval, so
  ///     that those of a whole fleet aren't due together.
  public mutating func adopt(_ policy: HealthPolicy, at now: UInt64, jitter: Double) {
    self.policy = policy
    // One that was planned by a longer interval would come late.
    nextProbe = min(nextProbe, phase(at: now, jitter: jitter))
  }

  /// A time within the interval, but not closer than the fast one.
  private func phase(at now: UInt64, jitter: Double) -> UInt64 {
    let jitter = min(max(jitter, -1), 1)
    let offset = UInt64(Double(policy.interval) * (1 + jitter) / 2)
    return now &+ max(HealthPolicy.fastInterval.nanoseconds, offset)
  }

  /// The state that others see.
  public var state: BackendState { isDraining && health != .down ? .draining : health }

  /// When `timePassed` is due, besides probes; nil if never.
  public var deadline: UInt64? { suspicionEnds }

  /// Tells that a probe goes out.
  public mutating func probeStarted(at now: UInt64) {
    lastProbe = now
    isProbeRequested = false
  }

  /// Tells that a source has told of the backend anew, as of a container that was started: one that
  /// is away is looked at as often as in its first minute.
  ///
  /// - Parameter now: nanoseconds on the clock of `init`.
  public mutating func wasToldAnew(at now: UInt64) {
    guard health != .ready, health != .suspect else { return }
    awaySince = now
    awayDelay = HealthPolicy.fastInterval.nanoseconds
    requestProbe(at: now)
  }

  /// Takes an event in.
  ///
  /// - Parameters:
  ///   - event: what happened.
  ///   - now: nanoseconds on the clock of `init`.
  ///   - maySuspect: the fleet's consent: false when the backend is a model's last one, or half
  ///     of a model's candidates are suspect already.
  ///   - jitter: −1…1, where in the range of the jitter the next probe's time falls; the first one
  ///     after the backend came up falls anywhere within the interval.
  /// - Returns: the state, and when to probe.
  public mutating func handle(
    _ event: HealthEvent,
    at now: UInt64,
    maySuspect: Bool,
    jitter: Double
  ) -> HealthDecision {
    let before = (state: state, health: health, doubt: doubt)
    if let end = suspicionEnds, now >= end, health == .suspect { enter(.ready, nil, at: now) }
    var probesNow = false
    switch event {
    case .probeSucceeded:
      probeSucceeded(at: now)
      schedule(at: now, jitter: jitter)
    case .probeFailed(let failure):
      probeFailed(failure, at: now, maySuspect: maySuspect)
      schedule(at: now, jitter: jitter)
    case .signal(let kind):
      probesNow = take(kind, at: now, maySuspect: maySuspect)
    case .gone:
      enter(.down, .gone, at: now)
    case .drainRequested:
      isDraining = true
    case .drainCancelled:
      isDraining = false
    case .timePassed:
      break
    }
    if probesNow { requestProbe(at: now) }
    let wasAway = before.health != .ready && before.health != .suspect
    return HealthDecision(
      state: state,
      hasChanged: state != before.state || doubt != before.doubt,
      hasReturned: wasAway && health == .ready,
      probesNow: probesNow,
      nextProbe: nextProbe
    )
  }

  // MARK: - Probes

  private mutating func probeSucceeded(at now: UInt64) {
    timeouts = 0
    badAnswers = 0
    successes += 1
    switch health {
    case .unknown:
      enter(.ready, nil, at: now)
    case .loading, .down:
      if successes >= policy.successes { enter(.ready, nil, at: now) }
    case .suspect:
      // An answered probe refutes silence. It refutes no 5xx: /health doesn't run the model.
      if suspicionEnds == nil, successes >= policy.successes { enter(.ready, nil, at: now) }
    case .ready, .draining:
      break
    }
  }

  private mutating func probeFailed(_ failure: ProbeFailure, at now: UInt64, maySuspect: Bool) {
    // Busy, not gone: bytes that came while the probe waited, or within an interval before it,
    // speak for the backend.
    if failure == .timedOut, hasSentBytes(at: now) { return }
    successes = 0
    if failure != .timedOut { timeouts = 0 }
    switch failure {
    case .refused, .unreachable:
      enter(.down, .probe(failure), at: now)
    case .loading:
      enter(.loading, .probe(failure), at: now)
    case .status, .closed, .malformed:
      badAnswers += 1
      if badAnswers >= policy.failures || health == .down {
        enter(.down, .probe(failure), at: now)
      }
    case .timedOut:
      timeouts += 1
      guard timeouts >= policy.failures, maySuspect else { return }
      if health == .ready || health == .unknown { enter(.suspect, .probe(failure), at: now) }
    }
  }

  private mutating func schedule(at now: UInt64, jitter: Double) {
    if isProbeRequested {
      requestProbe(at: now)
      return
    }
    let fast = HealthPolicy.fastInterval.nanoseconds
    let jitter = min(max(jitter, -1), 1)
    var delay = policy.interval
    switch health {
    case .ready, .suspect, .draining:
      if badAnswers > 0 {
        // A bad answer is asked about again at once: either it was a hiccup, or it's a fact.
        delay = fast
      } else if isPhaseOpen {
        // Backends that came up together, as at the start, aren't probed together ever after.
        isPhaseOpen = false
        nextProbe = phase(at: now, jitter: jitter)
        return
      }
    case .unknown, .loading, .down:
      if now &- awaySince >= HealthPolicy.fastPeriod.nanoseconds {
        awayDelay = min(awayDelay * 2, HealthPolicy.slowInterval.nanoseconds)
      }
      delay = awayDelay
    }
    let share = Double(HealthPolicy.jitterPercent) / 100 * jitter
    nextProbe = now &+ UInt64(Double(delay) * (1 + share))
  }

  /// Brings the next probe forward, but never closer to the last one than the fast interval: a
  /// thousand broken requests are one reason to look, not a thousand.
  private mutating func requestProbe(at now: UInt64) {
    isProbeRequested = true
    let earliest = lastProbe.map { $0 &+ HealthPolicy.fastInterval.nanoseconds } ?? now
    nextProbe = min(nextProbe, max(now, earliest))
  }

  // MARK: - Signals

  /// Returns whether a probe is to look at once.
  private mutating func take(
    _ kind: BackendSignal.Kind,
    at now: UInt64,
    maySuspect: Bool
  ) -> Bool {
    switch kind {
    case .refused:
      successes = 0
      enter(.down, .refusedRequest, at: now)
      return true
    case .connectTimedOut:
      // Each request would wait as long; the probe tells soon whether there is a way. One that
      // sends has a full backlog, no more.
      if maySuspect, !hasSentBytes(at: now), health == .ready || health == .unknown {
        enter(.suspect, .connectTimedOut, at: now)
      }
      return true
    case .reset, .truncated, .timedOut, .errorEvent:
      return true
    case .statusFailure(let status):
      lastBytes = now
      // 501 speaks of what was asked for (llama.cpp without --embeddings), not of the engine.
      guard (500...599).contains(status), status != 501 else { return false }
      statusFailures += 1
      guard statusFailures >= HealthPolicy.statusFailures, health == .ready, maySuspect else {
        return false
      }
      enter(.suspect, .statusFailures(status), at: now)
      return true
    case .success:
      sawBytes(at: now)
      statusFailures = 0
      if health == .suspect || health == .unknown { enter(.ready, nil, at: now) }
      // An old request that ends well doesn't refute a refusal, but it's a reason to look.
      return health == .down || health == .loading
    case .bytesSeen:
      sawBytes(at: now)
      if health == .suspect, suspicionEnds == nil { enter(.ready, nil, at: now) }
      return false
    }
  }

  private func hasSentBytes(at now: UInt64) -> Bool {
    guard let lastBytes else { return false }
    return now &- min(lastBytes, now) <= policy.bytesLifetime
  }

  private mutating func sawBytes(at now: UInt64) {
    lastBytes = now
    timeouts = 0
  }

  // MARK: - States

  private mutating func enter(_ new: BackendState, _ reason: HealthDoubt?, at now: UInt64) {
    let old = health
    doubt = reason
    guard new != old else { return }
    health = new
    changedAt = now
    timeouts = 0
    badAnswers = 0
    successes = 0
    if old == .suspect {
      if suspicionEnds != nil { suspicionEnded = now }
      suspicionEnds = nil
      statusFailures = 0
    }
    switch new {
    case .ready:
      statusFailures = 0
    case .suspect:
      if case .statusFailures = reason { suspicionEnds = now &+ suspicionLength(at: now) }
    case .unknown, .loading, .down, .draining:
      isPhaseOpen = true
      // Loading after down, or the reverse, is one absence.
      if old == .ready || old == .suspect {
        awaySince = now
        awayDelay = HealthPolicy.fastInterval.nanoseconds
        nextProbe = min(nextProbe, now &+ awayDelay)
      }
    }
  }

  private mutating func suspicionLength(at now: UInt64) -> UInt64 {
    let longest = HealthPolicy.longestSuspicion.nanoseconds
    if let suspicionEnded, now &- suspicionEnded >= longest {
      nextSuspicion = HealthPolicy.suspicion.nanoseconds
    }
    let length = nextSuspicion
    nextSuspicion = min(length * 2, longest)
    return length
  }
}
