import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, third part: 8 await, 9 respond (with Proxy+ResponseHead.swift), 10 splice.

extension Proxy {
  // MARK: 8 await

  mutating func upstreamReady(_ upstream: Handle, _ readiness: Readiness) {
    guard upstreams.contains(upstream) else { return }
    switch upstreams[upstream].phase {
    case .connecting:
      if !readiness.isDisjoint(with: [.writable, .failed]) { upstreamConnected(upstream) }
    case .leftover:
      if !readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) { readLeftover(upstream) }
    case .idle:
      // Bytes that nobody asked for, or the end: no use can be made of it any more.
      if !readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) { closeIdle(upstream) }
    case .exchanging:
      if readiness.contains(.writable), !upstreams[upstream].isRequestSent {
        sendRest(upstream)
        guard upstreams.contains(upstream), upstreams[upstream].phase == .exchanging else { return }
      }
      if readiness.contains(.writable), upstreams[upstream].isTunnelOpen {
        flushTunnel(upstream, upstreams[upstream].downstream)
      }
      if !readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) { readUpstream(upstream) }
    }
  }

  /// Reads what there is, within the budget of one turn and the room that the client leaves.
  mutating func readUpstream(_ upstream: Handle) {
    let registration = upstreams[upstream].registration
    for _ in 0..<ProxyLimits.readsPerTurn {
      let downstream = upstreams[upstream].downstream
      if downstreams[downstream].output.count > settings(of: downstream).writeQueue {
        pauseUpstream(upstream)
        return
      }
      // An event may come before the client has taken half of what waits.
      upstreams[upstream].isPaused = false
      let held = upstreams[upstream].held.count
      let space = UnsafeMutableRawBufferPointer(
        rebasing: scratch.read[held..<(held + ProxyLimits.readSize)]
      )
      switch reactor.receive(registration, into: space) {
      case .bytes(let count):
        noteVolume(downstream, count)
        if held > 0 { presentHeld(upstream, held) }
        responseCame(upstream, downstream, count: held + count)
      case .wouldBlock: return
      case .endOfFile: upstreamClosed(upstream, downstream, isReset: false)
      case .failed: upstreamClosed(upstream, downstream, isReset: true)
      }
      guard upstreams.contains(upstream), upstreams[upstream].phase == .exchanging,
        reactor.readiness(registration).contains(.readable)
      else { return }
      if bulk.isSpent { break }
    }
    reactor.postpone(registration)
  }

  private mutating func noteVolume(_ downstream: Handle, _ count: Int) {
    if count == ProxyLimits.readSize {
      bulk.spend(count)
    } else if downstreams[downstream].exchange.account == .small {
      bulk.othersAreHere(at: reactor.now)
    }
  }

  /// What was held back goes in front of what was read.
  mutating func presentHeld(_ upstream: Handle, _ count: Int) {
    let target = UnsafeMutableRawBufferPointer(rebasing: scratch.read[..<count])
    target.copyMemory(from: upstreams[upstream].held.bytes)
    upstreams[upstream].held.removeAll()
  }

  private mutating func pauseUpstream(_ upstream: Handle) {
    guard !upstreams[upstream].isPaused else { return }
    counters.writeQueuePauses += 1
    upstreams[upstream].isPaused = true
    // The backend isn't silent: we don't listen.
    reactor.setDeadline(upstreams[upstream].registration, at: .max)
  }

  /// When something must have come from a backend that has begun to answer.
  private func idleDeadline(_ downstream: Handle) -> UInt64 {
    let isTunnel = downstreams[downstream].exchange.isTunnelOpen
    let deadlines = settings(of: downstream).deadlines
    return reactor.now &+ (isTunnel ? deadlines.tunnelIdle : deadlines.idle)
  }

  /// The client has taken enough.
  ///
  /// No edge will come for what the kernel holds already.
  mutating func resumeUpstream(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    guard downstreams[downstream].phase == .exchanging, upstreams.contains(upstream),
      upstreams[upstream].isPaused
    else { return }
    upstreams[upstream].isPaused = false
    let registration = upstreams[upstream].registration
    reactor.setDeadline(registration, at: idleDeadline(downstream))
    reactor.makeRunnable(registration)
  }

  // MARK: 9 respond

  /// `scratch.read[..<count]` holds what was held back and what has come.
  private mutating func responseCame(_ upstream: Handle, _ downstream: Handle, count: Int) {
    upstreams[upstream].hasResponseBytes = true
    noteBytes(upstream)
    if upstreams[upstream].hasHead {
      passOn(upstream, downstream, from: 0, count: count)
      return
    }
    readResponseHead(upstream, downstream, count: count)
  }

  /// COMMIT: the head, and what has come of the body, go out.
  ///
  /// There is no other candidate from here on, so the request needn't be kept.
  mutating func commit(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    downstreams[downstream].exchange.committedAt = reactor.now
    if upstreams[upstream].endsDownstream { downstreams[downstream].exchange.keepsAlive = false }
    upstreams[upstream].body.commit()
    if upstreams[upstream].body.isWatchedStream { countFirstToken(downstream) }
    if upstreams[upstream].isRequestSent { releaseBody(downstream) }
    if downstreams[downstream].exchange.isNewResponse {
      downstreams[downstream].exchange.seeksResponseID = true
    }
    reactor.setDeadline(upstreams[upstream].registration, at: idleDeadline(downstream))
    var headCount = scratch.pendingHead
    let body = scratch.pendingBody
    if headCount == 0, !downstreams[downstream].exchange.isHeadOut {
      headCount = upstreams[upstream].rewrittenHead.count
      scratch.head.copyMemory(from: upstreams[upstream].rewrittenHead.bytes)
      upstreams[upstream].rewrittenHead.removeAll()
    }
    scratch.pendingHead = 0
    splice(
      upstream,
      downstream,
      head: UnsafeRawBufferPointer(rebasing: scratch.head[..<headCount]),
      UnsafeMutableRawBufferPointer(rebasing: scratch.read[body])
    )
    guard downstreams.contains(downstream), downstreams[downstream].exchange.isTunnelOpen,
      upstreams.contains(upstream)
    else { return }
    startTunnel(upstream, downstream)
  }

  // MARK: 10 splice

  /// Looks at what has come of a body and passes on what may pass.
  private mutating func passOn(
    _ upstream: Handle,
    _ downstream: Handle,
    from start: Int,
    count: Int
  ) {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch.read[start..<count])
    let isHolding = downstreams[downstream].exchange.machine.phase == .holding
    guard isHolding || settings(of: downstream).deadlines.idleStrict else {
      let kept = upstreams[upstream].body.scan(bytes)
      reactor.setDeadline(upstreams[upstream].registration, at: idleDeadline(downstream))
      return spliceOn(upstream, downstream, bytes, kept)
    }
    let mark = upstreams[upstream].body.mark
    let kept = upstreams[upstream].body.scan(bytes)
    if isHolding {
      if isRejected(upstream), moveOn(upstream, downstream, .errorEvent) == .moved { return }
      if mustHold(upstream, kept: kept) {
        let mutable = UnsafeMutableRawBufferPointer(rebasing: bytes[..<kept])
        holdOn(upstream, downstream, mutable, since: mark)
        return
      }
      scratch.pendingHead = 0
      scratch.pendingBody = start..<(start + kept)
      step(downstream, .contentArrived)
      return
    }
    // Comments alone don't keep a stream from being idle.
    if upstreams[upstream].body.hasAdvanced(since: mark) {
      reactor.setDeadline(upstreams[upstream].registration, at: idleDeadline(downstream))
    }
    spliceOn(upstream, downstream, bytes, kept)
  }

  /// Passes on what has come behind the head.
  private mutating func spliceOn(
    _ upstream: Handle,
    _ downstream: Handle,
    _ bytes: UnsafeMutableRawBufferPointer,
    _ kept: Int
  ) {
    splice(
      upstream,
      downstream,
      head: UnsafeRawBufferPointer(start: nil, count: 0),
      UnsafeMutableRawBufferPointer(rebasing: bytes[..<kept])
    )
  }

  /// Queues to the client what may pass, keeps the rest, and sees to the end.
  private mutating func splice(
    _ upstream: Handle,
    _ downstream: Handle,
    head: UnsafeRawBufferPointer,
    _ bytes: UnsafeMutableRawBufferPointer
  ) {
    let outcome = upstreams[upstream].body.outcome
    if upstreams[upstream].body.contentEventCount > 0 { countEvents(upstream, downstream) }
    if bytes.count - upstreams[upstream].body.passable > ProxyLimits.heldResponse {
      counters.heldLimit += 1
      upstreams[upstream].body.passWhatWasScanned()
    }
    let passable = upstreams[upstream].body.passable
    var isLast = false
    if case .ended = outcome { isLast = true }
    let passing = UnsafeMutableRawBufferPointer(rebasing: bytes[..<passable])
    if downstreams[downstream].exchange.seeksResponseID {
      learnResponse(upstream, downstream, UnsafeRawBufferPointer(passing))
    }
    guard pass(upstream, downstream, head: head, passing, isLast: isLast) else { return }
    if !head.isEmpty { endOverhead(downstream) }
    upstreams[upstream].body.drop(passable)
    switch outcome {
    case .ended: step(downstream, .ended)
    case .malformed: loseUpstream(upstream, downstream, .malformed)
    case .more:
      if passable < bytes.count {
        upstreams[upstream].held.append(UnsafeRawBufferPointer(rebasing: bytes[passable...]))
      }
    }
  }

  /// Queues a piece of body in the framing that the client was promised.
  ///
  /// - Parameters:
  ///   - head: what goes before it.
  ///   - bytes: in `scratch.read`, with the backend's chunk framing if it has one.
  ///   - isLast: nothing follows.
  /// - Returns: false when the client is gone; its exchange is released then.
  mutating func pass(
    _ upstream: Handle,
    _ downstream: Handle,
    head: UnsafeRawBufferPointer,
    _ bytes: UnsafeMutableRawBufferPointer,
    isLast: Bool
  ) -> Bool {
    if upstreams[upstream].body.isReframed {
      let chunk = Chunk.wrap(UnsafeRawBufferPointer(bytes), isLast: isLast)
      return chunk.withUnsafeBytes { deliver(downstream, head, $0) }
    }
    var end = bytes.count
    if isLast, upstreams[upstream].body.framing == .chunked,
      downstreams[downstream].exchange.minorVersion == 1
    {
      end = writeLastChunk(into: bytes, at: end)
    }
    return deliver(downstream, head, UnsafeRawBufferPointer(start: bytes.baseAddress, count: end))
  }

  /// The end of the chunk framing, written behind what passes.
  ///
  /// The backend's own last chunk was taken out there, with its trailers, so there is room.
  private func writeLastChunk(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    guard let base = bytes.baseAddress else { return offset }
    // SAFETY: `bytes` lies in `scratch.read`, which has more room behind the largest read.
    (base + offset).copyMemory(from: "0\r\n\r\n", byteCount: 5)
    return offset + 5
  }
}
