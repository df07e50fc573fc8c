import OAIRReactor
import OAIRRouting
import OAIRSys

// What is counted on the way of an exchange: a few stores each, and no clock that wasn't read
// already, but for the router's own time, which is measured for one exchange in eight.

extension Proxy {
  /// An attempt on a backend has failed: how, for its next candidate and for the metrics.
  mutating func noteFailure(_ downstream: Handle, _ failure: TriedBackends.Failure) {
    let isNew = downstreams[downstream].exchange.tried.newest == .none
    downstreams[downstream].exchange.tried.note(failure)
    guard isNew, let record = downstreams[downstream].exchange.record else { return }
    telemetry.countBackend(slot: record.slot, incarnation: record.incarnation) {
      $0.failures.add(failure.reason)
    }
  }

  /// How the attempt before the next one has failed.
  func lastFailure(_ downstream: Handle) -> FailureReason {
    downstreams[downstream].exchange.tried.newest.reason
  }

  /// The exchange is over.
  mutating func countExchange(_ downstream: Handle) {
    if downstreams[downstream].exchange.isStream { streamCount -= 1 }
    let outcome = downstreams[downstream].exchange.outcome
    guard outcome != .local else {
      telemetry.total.localRequests &+= 1
      return
    }
    let series = downstreams[downstream].exchange.series
    let incarnation = downstreams[downstream].exchange.record?.incarnation ?? 0
    let status = downstreams[downstream].exchange.status
    let family = downstreams[downstream].exchange.service.family
    telemetry.total.families[Int(family.rawValue)] &+= 1
    telemetry.countRequest(
      model: series,
      incarnation: incarnation,
      status: outcome == .clientGone && status == 0 ? 499 : status,
      duration: reactor.now &- downstreams[downstream].exchange.startedAt
    )
    guard outcome == .truncated || outcome == .clientGone else { return }
    telemetry.countAnswer(model: series, incarnation: incarnation) { counts in
      if outcome == .truncated { counts.truncated &+= 1 } else { counts.clientsGone &+= 1 }
    }
  }

  /// The first content of a stream goes out.
  mutating func countFirstToken(_ downstream: Handle) {
    downstreams[downstream].exchange.isStream = true
    streamCount += 1
    telemetry.countFirstToken(
      model: downstreams[downstream].exchange.series,
      incarnation: downstreams[downstream].exchange.record?.incarnation ?? 0,
      after: reactor.now &- downstreams[downstream].exchange.startedAt
    )
  }

  /// Something of a stream has come, perhaps events.
  mutating func countEvents(_ upstream: Handle, _ downstream: Handle) {
    let count = upstreams[upstream].body.contentEventCount
    guard count > 0,
      let (new, gap) = downstreams[downstream].exchange.noteEvents(count, at: reactor.now)
    else { return }
    telemetry.countEvents(
      model: downstreams[downstream].exchange.series,
      gap: gap,
      count: new
    )
  }

  /// A stream is over: it may have told how many tokens it was.
  mutating func countTokens(_ upstream: Handle, _ downstream: Handle) {
    guard upstreams.contains(upstream), upstreams[upstream].body.isWatchedStream else { return }
    let input = upstreams[upstream].body.inputTokens ?? 0
    let output = upstreams[upstream].body.outputTokens ?? 0
    guard input > 0 || output > 0 else { return }
    downstreams[downstream].exchange.tokens = (UInt32(clamping: input), UInt32(clamping: output))
    telemetry.countAnswer(
      model: downstreams[downstream].exchange.series,
      incarnation: upstreams[upstream].record.incarnation
    ) { counts in
      counts.inputTokens &+= UInt64(clamping: input)
      counts.outputTokens &+= UInt64(clamping: output)
    }
  }

  // MARK: The router's own time

  /// Something has left for the backend: from what woke the loop until now the router has worked.
  mutating func sampleOverhead(_ downstream: Handle) {
    guard downstreams[downstream].exchange.isSampled else { return }
    downstreams[downstream].exchange.overhead &+= reactor.kernel.now() &- reactor.now
  }

  /// The beginning of the answer has left for the client.
  mutating func endOverhead(_ downstream: Handle) {
    guard downstreams[downstream].exchange.isSampled else { return }
    sampleOverhead(downstream)
    telemetry.total.overhead.add(
      downstreams[downstream].exchange.overhead,
      unit: HistogramUnit.overhead
    )
  }
}
