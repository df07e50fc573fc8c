import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, last part but its record: 11 finish, in each of its ways.

extension Proxy {
  // MARK: The backend's end

  /// The backend has closed or reset its connection.
  mutating func upstreamClosed(_ upstream: Handle, _ downstream: Handle, isReset: Bool) {
    guard upstreams[upstream].hasHead else {
      // An error's body may end so; and of one that only ends its request, what came is told.
      if upstreams[upstream].errorBody == .awaited, !isReset || upstreams[upstream].isUnfit {
        return errorBodyClosed(upstream, downstream)
      }
      loseUpstream(upstream, downstream, isStale(upstream) ? .reusedClosed : .closed)
      return
    }
    if !isReset, upstreams[upstream].body.upstreamClosed() {
      let held = upstreams[upstream].held.count
      scratch.read.copyMemory(from: upstreams[upstream].held.bytes)
      upstreams[upstream].held.removeAll()
      flushClosed(upstream, downstream, count: held)
      return
    }
    loseUpstream(upstream, downstream, .closed)
  }

  /// The backend had let go of an idle connection while the request was on its way.
  ///
  /// One that closes later has had the request, and may have died of it.
  private func isStale(_ upstream: Handle) -> Bool {
    guard upstreams[upstream].isReused, !upstreams[upstream].hasResponseBytes else { return false }
    return !upstreams[upstream].isRequestSent
      || reactor.now &- upstreams[upstream].beganAt <= ProxyLimits.staleCloseNanoseconds
  }

  /// A body that ends with the connection has ended.
  private mutating func flushClosed(_ upstream: Handle, _ downstream: Handle, count: Int) {
    if downstreams[downstream].exchange.machine.phase == .holding {
      scratch.pendingHead = 0
      scratch.pendingBody = 0..<count
      step(downstream, .contentArrived)
      return
    }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch.read[..<count])
    guard pass(upstream, downstream, head: .init(start: nil, count: 0), bytes, isLast: true) else {
      return
    }
    step(downstream, .ended)
  }

  /// Lets go of a backend that failed the exchange, and reports it.
  mutating func loseUpstream(
    _ upstream: Handle,
    _ downstream: Handle,
    _ loss: ExchangeMachine.Loss
  ) {
    let record = upstreams[upstream].record
    let hasHead = upstreams[upstream].hasHead
    // Whatever happens behind the end marker, be it silence or a broken trailer: nothing is
    // missing, and an error frame there would say the contrary.
    let loss = hasHead && upstreams[upstream].body.hasEndMarker ? .afterEndMarker : loss
    switch loss {
    case .closed: signal(hasHead ? .truncated : .reset, record)
    case .malformed: signal(.reset, record)
    case .timedOut where downstreams[downstream].exchange.isShutDown: break
    case .timedOut: signal(.timedOut, record)
    case .notConnected, .reusedClosed, .afterEndMarker, .misfit: break
    }
    if downstreams[downstream].exchange.machine.phase == .streaming {
      // What was held isn't passed on; the body's framing is still needed for the error frame.
      upstreams[upstream].held.removeAll()
      step(downstream, .lost(loss))
      return
    }
    noteFailure(downstream, loss == .timedOut ? .timedOut : .lost)
    closeUpstream(upstream)
    endAttempt(downstream)
    step(downstream, .lost(loss))
  }

  mutating func upstreamDeadline(_ upstream: Handle) {
    guard upstreams.contains(upstream) else { return }
    let downstream = upstreams[upstream].downstream
    switch upstreams[upstream].phase {
    case .idle: closeIdle(upstream)
    case .leftover: leftoverTimedOut(upstream)
    case .connecting:
      counters.upstreamTimeouts += 1
      signal(.connectTimedOut, upstreams[upstream].record)
      noteFailure(downstream, .timedOut)
      closeUpstream(upstream)
      endAttempt(downstream)
      step(downstream, .lost(.notConnected))
    case .exchanging where downstreams[downstream].exchange.isTunnelOpen:
      endIdleTunnel(upstream, downstream)
    case .exchanging: upstreamTimedOut(upstream, downstream)
    }
  }

  // MARK: 11 finish

  /// The response is whole: the connection goes back to its pool, or is closed.
  mutating func finishUpstream(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    if upstreams[upstream].body.isWatchedStream { countTokens(upstream, downstream) }
    if upstreams[upstream].body.hasErrorEvent {
      // vLLM's last word when its engine dies, within a stream that ends as it should.
      signal(.errorEvent, upstreams[upstream].record)
    } else {
      noteSuccess(downstream)
    }
    if upstreams[upstream].record.maxInFlight > 0 { noteServiceTime(upstream) }
    var isClean = upstreams[upstream].keepsAlive && upstreams[upstream].isRequestSent
    if upstreams[upstream].body.outcome != .ended(excess: 0) { isClean = false }
    endAttempt(downstream)
    if isClean { makeIdle(upstream) } else { closeUpstream(upstream) }
    releaseBody(downstream)
    if downstreams[downstream].output.isEmpty { allWritten(downstream) }
  }

  /// The backend has answered: that is news if it had failed before.
  mutating func noteSuccess(_ downstream: Handle) {
    // A failure that is told in a regular answer was reported with its head.
    guard let slot = downstreams[downstream].exchange.record?.slot, slots[slot].owesSuccess,
      downstreams[downstream].exchange.status < 500,
      let record = downstreams[downstream].exchange.record,
      slots[slot].incarnation == record.incarnation
    else { return }
    signal(.success, record)
  }

  /// The stream's last event is out and only framing is missing: we write it.
  mutating func completeFraming(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    countTokens(upstream, downstream)
    var end: StaticString = ""
    if upstreams[upstream].body.framing == .chunked,
      downstreams[downstream].exchange.minorVersion == 1
    {
      end = upstreams[upstream].body.openChunk == .owesEnd ? "\r\n0\r\n\r\n" : "0\r\n\r\n"
      if case .owes = upstreams[upstream].body.openChunk { end = "" }
    } else if upstreams[upstream].body.isReframed {
      end = "0\r\n\r\n"
    }
    if end.utf8CodeUnitCount == 0 { downstreams[downstream].exchange.keepsAlive = false }
    closeUpstream(upstream)
    endAttempt(downstream)
    let bytes = UnsafeRawBufferPointer(start: end.utf8Start, count: end.utf8CodeUnitCount)
    guard deliver(downstream, bytes, UnsafeRawBufferPointer(start: nil, count: 0)) else { return }
    releaseBody(downstream)
    if downstreams[downstream].output.isEmpty { allWritten(downstream) }
  }

  /// After COMMIT the backend is lost: the client gets the family's error frame, where one exists
  /// and its framing has room for it, and never a regular end.
  mutating func abortResponse(_ downstream: Handle) {
    counters.truncated += 1
    let upstream = downstreams[downstream].exchange.upstream
    countTokens(upstream, downstream)
    downstreams[downstream].exchange.outcome = .truncated
    downstreams[downstream].exchange.failureCode =
      downstreams[downstream].exchange.isShutDown ? "router_shutdown" : "upstream_disconnected"
    downstreams[downstream].exchange.keepsAlive = false
    let frame = abortFrame(upstream, downstream)
    // Without chunks or a length only a RST tells that something is missing.
    downstreams[downstream].exchange.endsWithReset =
      frame == nil && isDelimitedByClose(upstream, downstream)
    closeUpstream(upstream)
    endAttempt(downstream)
    if let frame {
      let isDelivered = frame.withUnsafeBytes {
        deliver(downstream, $0, UnsafeRawBufferPointer(start: nil, count: 0))
      }
      guard isDelivered else { return }
    }
    releaseBody(downstream)
    if downstreams[downstream].output.isEmpty { allWritten(downstream) }
  }

  /// Nothing but the end of its connection tells the client where the body ends.
  private func isDelimitedByClose(_ upstream: Handle, _ downstream: Handle) -> Bool {
    guard !upstreams[upstream].body.isReframed else { return false }
    switch upstreams[upstream].body.framing {
    case .untilClose: return true
    case .chunked: return downstreams[downstream].exchange.minorVersion == 0
    case .none, .length: return false
    }
  }

  private func abortFrame(_ upstream: Handle, _ downstream: Handle) -> [UInt8]? {
    guard upstreams[upstream].body.isWatchedStream, !upstreams[upstream].body.isMidEvent else {
      return nil
    }
    // A length that was promised leaves no room for anything else.
    let isReframed = upstreams[upstream].body.isReframed
    if case .length = upstreams[upstream].body.framing, !isReframed { return nil }
    let isShutDown = downstreams[downstream].exchange.isShutDown
    let payload = ErrorEnvelope.frame(
      downstreams[downstream].exchange.family,
      message: isShutDown
        ? "The router was stopped before the stream had ended. What came so far is incomplete."
        : "The backend \(upstreams[upstream].record.id) was lost before the stream had ended. "
          + "What came so far is incomplete.",
      code: downstreams[downstream].exchange.failureCode.description,
      sequenceNumber: upstreams[upstream].body.eventCount
    )
    guard let payload else { return nil }
    let isChunked =
      isReframed
      || upstreams[upstream].body.framing == .chunked
        && downstreams[downstream].exchange.minorVersion == 1
    return isChunked
      ? AbortFrame.chunks(payload, behind: upstreams[upstream].body.openChunk) : payload
  }

  /// The router stops: what is under way ends so that its client can tell.
  mutating func shutDown(_ downstream: Handle) {
    downstreams[downstream].exchange.isShutDown = true
    let upstream = downstreams[downstream].exchange.upstream
    switch downstreams[downstream].exchange.machine.phase {
    case .streaming: loseUpstream(upstream, downstream, .timedOut)
    case .connecting, .sending, .awaiting, .holding: loseUpstream(upstream, downstream, .timedOut)
    case .readingBody, .routing, .pausing: refuse(downstream, GatewayError(.draining))
    case .ending, .answering, .aborting: cutOff(downstream)
    case .done: break
    }
  }

  /// The client takes nothing, or not fast enough: it is as good as gone, and it must not take what
  /// it has got for the whole.
  mutating func cutOff(_ downstream: Handle) {
    downstreams[downstream].exchange.endsWithReset = true
    clientGone(downstream)
  }

  // MARK: Letting go

  /// The exchange's attempt is over.
  mutating func endAttempt(_ downstream: Handle) {
    guard let slot = downstreams[downstream].exchange.record?.slot else { return }
    endRequest(slot)
    downstreams[downstream].exchange.upstream = .none
  }

  /// The client has left: closing tells the engine to stop.
  mutating func dropUpstream(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    if upstreams.contains(upstream) { closeUpstream(upstream) }
    endAttempt(downstream)
  }

  mutating func closeUpstream(_ upstream: Handle) {
    let closed = upstreams.remove(upstream)
    reactor.beginClose(closed.registration)
    connectionEnded()
  }

  /// The body isn't needed any more; head and model's name are, for the access record.
  mutating func releaseBody(_ downstream: Handle) {
    guard downstreams[downstream].exchange.hasClaim || memoryFinisher == downstream else { return }
    downstreams[downstream].exchange.awaitedMemory = 0
    if memoryFinisher == downstream {
      memoryFinisher = .none
      ledger.endFinish(for: worker)
    }
    let reserved = downstreams[downstream].exchange.reserved
    guard reserved > 0 else { return }
    ledger.release(reserved, downstreams[downstream].exchange.account)
    noteMemoryFreed()
    downstreams[downstream].exchange.reserved = 0
    dropBody(downstream)
  }

  /// What an exchange has or waits for is others' again.
  private mutating func giveBack(_ downstream: Handle) {
    releaseBody(downstream)
    leaveQueue(downstream)
    leaveKey(downstream)
    guard downstreams[downstream].exchange.hasRetried else { return }
    retryBudget.exchangeEnded()
    downstreams[downstream].exchange.hasRetried = false
  }

  /// The exchange is over: its record goes to the writer, and the connection to its next request.
  mutating func release(_ downstream: Handle) {
    if downstreams[downstream].exchange.holdsAnything || memoryFinisher == downstream {
      giveBack(downstream)
    }
    let isGone =
      downstreams[downstream].exchange.machine.response == .aborted
      && downstreams[downstream].exchange.outcome != .truncated
    if isGone, !downstreams[downstream].exchange.isSatisfied {
      counters.clientsGone += 1
      downstreams[downstream].exchange.outcome = .clientGone
    }
    countExchange(downstream)
    record(downstream)
    let endsWithReset = downstreams[downstream].exchange.endsWithReset
    if isGone {
      closeDownstream(downstream, reset: endsWithReset)
      return
    }
    let keepsAlive = downstreams[downstream].exchange.keepsAlive && isAccepting
    endExchange(on: downstream)
    if endsWithReset {
      closeDownstream(downstream, reset: true)
    } else if keepsAlive {
      awaitNextRequest(downstream)
    } else {
      linger(downstream)
    }
  }

  private mutating func awaitNextRequest(_ downstream: Handle) {
    let registration = downstreams[downstream].registration
    downstreams[downstream].phase = .idle
    reactor.setDeadline(registration, at: reactor.now &+ settings.deadlines.keepAlive)
    // Neither what was read already nor what is readable raises a new edge.
    if !downstreams[downstream].input.isEmpty
      || reactor.readiness(registration).contains(.readable)
    {
      reactor.makeRunnable(registration)
    }
  }
}
