import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// What is left of an answer when its client has gone. As a rule nothing: closing tells the engine
// to stop. But behind a stream's end marker only framing is missing, and reading it saves the
// connection; and some backends are to finish what they have begun (`on_disconnect: drain`). They
// have `timeouts.first_byte` in all for it, and a router that stops waits for them as it waits for
// its clients: for `timeouts.drain`.

extension Proxy {
  /// Lets go of the backend after its client has left: closes its connection, or reads on.
  mutating func leaveUpstream(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    guard upstreams.contains(upstream) else {
      endAttempt(downstream)
      return
    }
    let isWhole = upstreams[upstream].hasHead && upstreams[upstream].body.hasEndMarker
    if isWhole, downstreams[downstream].output.isEmpty {
      // Its client has everything.
      downstreams[downstream].exchange.isSatisfied = true
      noteSuccess(downstream)
    }
    guard upstreams[upstream].phase == .exchanging, upstreams[upstream].isRequestSent,
      isWhole || mayFinishForNobody(upstream),
      !downstreams[downstream].exchange.isTunnel
    else {
      closeUpstream(upstream)
      endAttempt(downstream)
      return
    }
    beginLeftover(upstream, isWhole: isWhole)
    if isWhole { endAttempt(downstream) } else { downstreams[downstream].exchange.upstream = .none }
  }

  /// Nobody's answers may take an eighth of the connections: the others are for clients.
  private mutating func mayFinishForNobody(_ upstream: Handle) -> Bool {
    guard upstreams[upstream].record.finishesAbandonedWork, !isDrainOver else { return false }
    guard leftoverCount < max(1, upstreams.capacity / ProxyLimits.leftoverShare) else {
      counters.leftoverLimit += 1
      return false
    }
    return true
  }

  private mutating func beginLeftover(_ upstream: Handle, isWhole: Bool) {
    upstreams[upstream].phase = .leftover
    upstreams[upstream].downstream = .none
    upstreams[upstream].isPaused = false
    upstreams[upstream].occupiesSlot = !isWhole
    upstreams[upstream].rewrittenHead.removeAll()
    if !isWhole {
      counters.finishedForNobody += 1
      leftoverCount += 1
    }
    if upstreams[upstream].hasHead {
      // What was looked at isn't looked at again.
      upstreams[upstream].body.passWhatWasScanned()
      let scanned = upstreams[upstream].body.passable
      upstreams[upstream].body.drop(scanned)
      upstreams[upstream].held.consume(min(scanned, upstreams[upstream].held.count))
    }
    let time = isWhole ? ProxyLimits.lingerNanoseconds : settings.deadlines.firstByte
    upstreams[upstream].leftoverEnd = reactor.now &+ time
    let registration = upstreams[upstream].registration
    reactor.setDeadline(registration, at: leftoverDeadline(upstream))
    // It may have been paused while readable: no new edge comes for that.
    reactor.makeRunnable(registration)
  }

  /// When something more must have come of it, or all of it.
  private func leftoverDeadline(_ upstream: Handle) -> UInt64 {
    let end = upstreams[upstream].leftoverEnd
    return upstreams[upstream].hasHead ? min(end, reactor.now &+ settings.deadlines.idle) : end
  }

  /// Its time is over: the backend is told to stop.
  mutating func leftoverTimedOut(_ upstream: Handle) {
    if upstreams[upstream].occupiesSlot { counters.leftoverTimeouts += 1 }
    endLeftover(upstream, isClean: false)
  }

  /// The time for the drain is over, for them as well.
  mutating func cutLeftovers() {
    for slot in 0..<upstreams.touched where leftoverCount > 0 {
      guard let upstream = upstreams.occupant(ofSlot: slot), upstreams[upstream].phase == .leftover
      else { continue }
      leftoverTimedOut(upstream)
    }
  }

  /// Reads what nobody waits for, within the budget of one turn.
  mutating func readLeftover(_ upstream: Handle) {
    let registration = upstreams[upstream].registration
    for _ in 0..<ProxyLimits.readsPerTurn {
      let held = upstreams[upstream].held.count
      let space = UnsafeMutableRawBufferPointer(
        rebasing: scratch.read[held..<(held + ProxyLimits.readSize)]
      )
      switch reactor.receive(registration, into: space) {
      case .bytes(let count):
        noteBytes(upstream)
        if held > 0 { presentHeld(upstream, held) }
        guard forget(upstream, count: held + count) else { return }
      case .wouldBlock: return
      case .endOfFile, .failed:
        endLeftover(upstream, isClean: false)
        return
      }
      guard reactor.readiness(registration).contains(.readable) else { return }
      bulk.spend(ProxyLimits.readSize)
      if bulk.isSpent { break }
    }
    reactor.postpone(registration)
  }

  /// Follows the framing of `scratch.read[..<count]`.
  ///
  /// - Returns: false once the answer has ended.
  private mutating func forget(_ upstream: Handle, count: Int) -> Bool {
    var start = 0
    while !upstreams[upstream].hasHead {
      let bytes = UnsafeRawBufferPointer(rebasing: scratch.read[start..<count])
      let parsed = ResponseHeadParser.parse(
        bytes,
        previouslyScanned: start == 0 ? upstreams[upstream].headScanned : 0,
        requestMethod: .post,
        into: &scratch.responseTable,
        limits: limits.http
      )
      switch parsed {
      case .needMore:
        upstreams[upstream].headScanned = bytes.count
        upstreams[upstream].held.append(bytes)
        return true
      case .failed:
        endLeftover(upstream, isClean: false)
        return false
      case .head(let head):
        start += head.length
        upstreams[upstream].headScanned = 0
        if head.status >= 200 { beginLeftoverBody(upstream, head) }
      }
    }
    return forgetBody(upstream, start..<count)
  }

  private mutating func beginLeftoverBody(_ upstream: Handle, _ head: ResponseHead) {
    upstreams[upstream].hasHead = true
    upstreams[upstream].keepsAlive = keepsAlive(upstream, head)
    upstreams[upstream].body = ResponseBody(
      framing: head.framing,
      family: .opaque,
      isWatched: false,
      unframes: false,
      limits: limits.http
    )
  }

  private mutating func forgetBody(_ upstream: Handle, _ range: Range<Int>) -> Bool {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch.read[range])
    let kept = upstreams[upstream].body.scan(bytes)
    switch upstreams[upstream].body.outcome {
    case .ended(let excess):
      endLeftover(upstream, isClean: excess == 0)
      return false
    case .malformed:
      endLeftover(upstream, isClean: false)
      return false
    case .more:
      upstreams[upstream].body.passWhatWasScanned()
      let scanned = upstreams[upstream].body.passable
      upstreams[upstream].body.drop(scanned)
      upstreams[upstream].held.append(UnsafeRawBufferPointer(rebasing: bytes[scanned..<kept]))
      if upstreams[upstream].occupiesSlot {
        reactor.setDeadline(
          upstreams[upstream].registration,
          at: leftoverDeadline(upstream)
        )
      }
      return true
    }
  }

  /// The answer is over, or its time is.
  mutating func endLeftover(_ upstream: Handle, isClean: Bool) {
    if upstreams[upstream].occupiesSlot {
      upstreams[upstream].occupiesSlot = false
      leftoverCount -= 1
      endRequest(upstreams[upstream].record.slot)
    }
    upstreams[upstream].held.removeAll()
    if isClean, upstreams[upstream].keepsAlive {
      makeIdle(upstream)
    } else {
      closeUpstream(upstream)
    }
  }
}
