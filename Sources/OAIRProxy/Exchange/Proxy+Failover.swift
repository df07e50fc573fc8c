import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRWire

// What makes a router of it: an answer that another backend may do better isn't passed on, as long
// as nothing has been committed, somebody else is there, and the fleet isn't failing altogether.

extension Proxy {
  /// Statuses that say something of the backend rather than of the request.
  ///
  /// 529 is Anthropic's "overloaded".
  static func isBackendFailure(_ status: Int) -> Bool {
    switch status {
    case 429, 500, 502, 503, 504, 529: true
    default: false
    }
  }

  /// What has become of a failure that another candidate might do better.
  enum Move {
    /// Another one is asked; the failed one's connection is closed.
    case moved
    /// Nobody else may be asked, or nobody is there.
    case alone
    /// Somebody could be asked, but the retry budget is spent.
    case unpaid
  }

  /// Puts a status aside, for another candidate's answer or for the same one's after a pause.
  ///
  /// The budget is asked once, whichever it is.
  ///
  /// - Returns: true when the exchange goes on without this answer; its upstream is closed then.
  mutating func putsAside(_ upstream: Handle, _ downstream: Handle, _ head: ResponseHead) -> Bool {
    guard Self.isBackendFailure(head.status) else { return false }
    switch moveOn(upstream, downstream, .status(UInt16(head.status))) {
    case .moved: return true
    case .alone: return asksAgainLater(upstream, downstream, head)
    case .unpaid: return false
    }
  }

  /// Puts an answer aside for another candidate's, if that may be.
  ///
  /// - Parameters:
  ///   - failure: why.
  ///   - isPaid: whether it takes from the retry budget; not where the backend has done nothing.
  mutating func moveOn(
    _ upstream: Handle,
    _ downstream: Handle,
    _ failure: TriedBackends.Failure,
    isPaid: Bool = true
  ) -> Move {
    // Noted first: whether the same backend may be asked for another model depends on it.
    noteFailure(downstream, failure)
    guard downstreams[downstream].exchange.machine.mayMoveOn,
      downstreams[downstream].exchange.isRepeatable,
      isAccepting || !downstreams[downstream].exchange.isShutDown,
      hasNextCandidate(downstream)
    else { return .alone }
    guard !isPaid || payForRetry(downstream) else { return .unpaid }
    counters.rejections += 1
    downstreams[downstream].exchange.status = 0
    closeUpstream(upstream)
    endAttempt(downstream)
    step(downstream, .rejected)
    return .moved
  }

  /// Nobody else is there: the same backend is asked again after a pause, where that is wanted.
  ///
  /// - Returns: true when the exchange waits for it; its upstream is closed then.
  private mutating func asksAgainLater(
    _ upstream: Handle,
    _ downstream: Handle,
    _ head: ResponseHead
  ) -> Bool {
    guard settings(of: downstream).retry.sameBackend, isAccepting,
      [429, 500, 503].contains(head.status),
      downstreams[downstream].exchange.machine.isReplayable,
      !downstreams[downstream].exchange.machine.isModelSpent,
      downstreams[downstream].exchange.isRepeatable, !downstreams[downstream].exchange.isHeadOut,
      let pause = pause(downstream, head), payForRetry(downstream)
    else { return false }
    counters.rejections += 1
    closeUpstream(upstream)
    endAttempt(downstream)
    step(downstream, .rejectedForNow)
    reactor.setDeadline(downstreams[downstream].registration, at: reactor.now &+ pause)
    return true
  }

  /// How long to wait; nil when the backend wants more time than a request may wait here.
  private mutating func pause(_ downstream: Handle, _ head: ResponseHead) -> UInt64? {
    let longestWait = settings(of: downstream).deadlines.queue
    if scratch.responseTable.first(.retryAfter) != nil {
      // A date isn't a number of seconds; it passes on to whoever has the time.
      guard let seconds = head.retryAfterSeconds else { return nil }
      let pause = UInt64(seconds) * 1_000_000_000
      return pause <= longestWait ? pause : nil
    }
    let former = UInt64(downstreams[downstream].exchange.machine.rejections)
    let longest = min(ProxyLimits.firstPauseNanoseconds << min(former, 16), longestWait)
    // Up to a quarter less: clients that failed together don't come back together.
    return longest - random.next(upperBound: longest / 4 + 1)
  }

  private mutating func payForRetry(_ downstream: Handle) -> Bool {
    let isFirst = !downstreams[downstream].exchange.hasRetried
    guard retryBudget.take(at: reactor.now, isFirst: isFirst) else {
      counters.retryBudgetLimit += 1
      return false
    }
    downstreams[downstream].exchange.hasRetried = true
    return true
  }

  /// A backend has taken too long, and may still be at work.
  mutating func upstreamTimedOut(_ upstream: Handle, _ downstream: Handle) {
    counters.upstreamTimeouts += 1
    if !downstreams[downstream].exchange.machine.isCommitted, mayMoveAfterTimeout(downstream) {
      let record = upstreams[upstream].record
      if moveOn(upstream, downstream, .timedOut) == .moved {
        signal(.timedOut, record)
        return
      }
    }
    loseUpstream(upstream, downstream, .timedOut)
  }

  private func mayMoveAfterTimeout(_ downstream: Handle) -> Bool {
    settings(of: downstream).retry.onTimeout || hasFirstTokenDeadline(downstream)
  }

  /// Streams may be bound tighter than whole answers: their first token comes early, or never.
  private func hasFirstTokenDeadline(_ downstream: Handle) -> Bool {
    let deadlines = settings(of: downstream).deadlines
    return deadlines.firstToken > 0 && deadlines.firstToken < deadlines.firstByte
      && downstreams[downstream].exchange.peek.stream == true
  }

  /// When an answer, or the first content of a stream, has to be there.
  func firstByteDeadline(_ downstream: Handle) -> UInt64 {
    let deadlines = settings(of: downstream).deadlines
    let time = hasFirstTokenDeadline(downstream) ? deadlines.firstToken : deadlines.firstByte
    return reactor.now &+ time
  }

  /// Exchanges that wait for a backend that is known to be lost are moved at once; those that have
  /// committed see for themselves.
  mutating func abandon(_ isLost: (BackendRecord) -> Bool) {
    for slot in 0..<upstreams.touched {
      guard let upstream = upstreams.occupant(ofSlot: slot), upstreams[upstream].phase != .idle,
        upstreams[upstream].phase != .leftover, isLost(upstreams[upstream].record)
      else { continue }
      let downstream = upstreams[upstream].downstream
      guard !downstreams[downstream].exchange.machine.isCommitted else { continue }
      let isConnecting = upstreams[upstream].phase == .connecting
      noteFailure(downstream, isConnecting ? .notConnected : .lost)
      closeUpstream(upstream)
      endAttempt(downstream)
      step(downstream, .lost(isConnecting ? .notConnected : .closed))
    }
  }
}
