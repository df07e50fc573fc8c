import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, 9 respond: the backend's head, from its first byte to the one that the
// client gets.

extension Proxy {
  /// Reads the head, behind what may come before it.
  mutating func readResponseHead(
    _ upstream: Handle,
    _ downstream: Handle,
    count: Int
  ) {
    var start = 0
    while true {
      let bytes = UnsafeRawBufferPointer(rebasing: scratch.read[start..<count])
      let parsed = ResponseHeadParser.parse(
        bytes,
        previouslyScanned: start == 0 ? upstreams[upstream].headScanned : 0,
        requestMethod: downstreams[downstream].exchange.method,
        into: &scratch.responseTable,
        &scratch.responseHead,
        limits: limits.http,
        allowsUpgrade: downstreams[downstream].exchange.isTunnel
      )
      switch parsed {
      case .needMore:
        upstreams[upstream].headScanned = bytes.count
        upstreams[upstream].held.append(bytes)
        return
      case .failed:
        loseUpstream(upstream, downstream, .malformed)
        return
      case .whole where scratch.responseHead.status < 200 && scratch.responseHead.status != 101:
        // Interim answers say nothing that the client waits for (RFC 9110 section 15.2).
        start += scratch.responseHead.length
        upstreams[upstream].headScanned = 0
      case .whole:
        headCame(upstream, downstream, start: start, count: count)
        return
      }
    }
  }

  /// The final head is there, the one that was parsed last: it is put aside, held, or committed.
  private mutating func headCame(
    _ upstream: Handle,
    _ downstream: Handle,
    start: Int,
    count: Int
  ) {
    if scratch.responseHead.status >= 400, !upstreams[upstream].isUnfit,
      takesForFailure(upstream, downstream, scratch.responseHead, start..<count)
    {
      return
    }
    let isHeadOut = downstreams[downstream].exchange.isHeadOut
    if isHeadOut, !isWatched(downstream) {
      let received = UnsafeRawBufferPointer(rebasing: scratch.read[start..<count])
      endUnfit(upstream, downstream, scratch.responseHead, received)
      return
    }
    let end = start + scratch.responseHead.length
    beginResponse(upstream, downstream)
    let headCount = isHeadOut ? 0 : writeDownstreamHead(upstream, downstream, start..<end)
    beginPayload(upstream, downstream, headCount, end..<count)
  }

  /// Looks at an answer that says that something went wrong: perhaps another backend does better.
  ///
  /// - Parameter range: where the answer as far as it has come lies in `scratch.read`.
  /// - Returns: true when nothing is to be done with it: it isn't whole yet, or put aside.
  private mutating func takesForFailure(
    _ upstream: Handle,
    _ downstream: Handle,
    _ head: ResponseHead,
    _ range: Range<Int>
  ) -> Bool {
    let received = UnsafeRawBufferPointer(rebasing: scratch.read[range])
    if takesPathForMissing(upstream, downstream, head, received)
      || takesContextForTooShort(upstream, downstream, head, received)
    {
      return true
    }
    if head.status >= 500 { signal(.statusFailure(head.status), upstreams[upstream].record) }
    return putsAside(upstream, downstream, head)
  }

  /// The answer is a stream whose events are known.
  private func isWatched(_ downstream: Handle) -> Bool {
    (200...299).contains(scratch.responseHead.status) && !scratch.responseHead.isEncoded
      && scratch.responseHead.contentKind == downstreams[downstream].exchange.family.eventKind
  }

  /// Keeps what the head says of the answer.
  private mutating func beginResponse(_ upstream: Handle, _ downstream: Handle) {
    let head = scratch.responseHead
    let family = downstreams[downstream].exchange.family
    let isHTTP10 = downstreams[downstream].exchange.minorVersion == 0
    let isHeadOut = downstreams[downstream].exchange.isHeadOut
    upstreams[upstream].hasHead = true
    upstreams[upstream].keepsAlive = keepsAlive(upstream, head)
    upstreams[upstream].announcedIdleSeconds = head.keepAliveTimeoutSeconds ?? 0
    upstreams[upstream].body.renew(
      framing: head.framing,
      family: family,
      isWatched: isWatched(downstream),
      unframes: isHTTP10,
      limits: limits.http
    )
    upstreams[upstream].body.isReframed = isHeadOut && !isHTTP10 && head.framing != .chunked
    // An answer before the request's end: where the next one would begin isn't known. It is this
    // answer's doing, and another one's may do without the close.
    let isEarly = downstreams[downstream].exchange.machine.request == .open
    upstreams[upstream].endsDownstream =
      isEarly || head.framing == .untilClose || !isAccepting
    if head.status == 101 { openTunnel(upstream, downstream) }
    downstreams[downstream].exchange.status = head.status
  }

  /// Looks at what has come of the body: content commits, an error may be another one's chance.
  ///
  /// - Parameters:
  ///   - headCount: how long the rewritten head in `scratch.head` is.
  ///   - range: where the body lies in `scratch.read`.
  private mutating func beginPayload(
    _ upstream: Handle,
    _ downstream: Handle,
    _ headCount: Int,
    _ range: Range<Int>
  ) {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch.read[range])
    let kept = upstreams[upstream].body.scan(bytes)
    if isRejected(upstream), moveOn(upstream, downstream, .errorEvent) == .moved { return }
    if mustHold(upstream, kept: kept) {
      upstreams[upstream].rewrittenHead.append(
        UnsafeRawBufferPointer(rebasing: scratch.head[..<headCount])
      )
      upstreams[upstream].held.append(UnsafeRawBufferPointer(rebasing: bytes[..<kept]))
      awaitContent(downstream)
      step(downstream, .headArrived(holds: true))
      return
    }
    scratch.pendingHead = headCount
    scratch.pendingBody = range.lowerBound..<(range.lowerBound + kept)
    step(downstream, .headArrived(holds: false))
  }

  /// An error came instead of content: reason enough for a look at the backend, as well.
  mutating func isRejected(_ upstream: Handle) -> Bool {
    guard upstreams[upstream].body.hasRejection else { return false }
    signal(.errorEvent, upstreams[upstream].record)
    return true
  }

  /// Whether the connection can carry another request behind this answer.
  func keepsAlive(_ upstream: Handle, _ head: ResponseHead) -> Bool {
    head.isKeepAlive && head.framing != .untilClose
      && upstreams[upstream].requestCount < head.keepAliveMax ?? .max
  }

  /// Nothing has come yet that the client could be given.
  func mustHold(_ upstream: Handle, kept: Int) -> Bool {
    !upstreams[upstream].body.hasContent && !upstreams[upstream].body.hasEndMarker
      && upstreams[upstream].body.outcome == .more && kept <= ProxyLimits.heldResponse
  }

  /// Writes the head for the client into `scratch.head`.
  ///
  /// - Parameter range: where the backend's head lies in `scratch.read`.
  /// - Returns: its length.
  private mutating func writeDownstreamHead(
    _ upstream: Handle,
    _ downstream: Handle,
    _ range: Range<Int>
  ) -> Int {
    let writer = DownstreamHeadWriter(
      head: UnsafeRawBufferPointer(rebasing: scratch.read[range]),
      response: scratch.responseHead,
      record: upstreams[upstream].record,
      attempts: Int(downstreams[downstream].exchange.machine.attempts),
      model: servedModel(downstream),
      breaksSession: downstreams[downstream].exchange.isSessionBroken,
      closes: !downstreams[downstream].exchange.keepsAlive || upstreams[upstream].endsDownstream,
      keepsChunks: downstreams[downstream].exchange.minorVersion == 1,
      isTunnel: downstreams[downstream].exchange.isTunnelOpen,
      origin: downstreams[downstream].exchange.origin.map {
        UnsafeRawBufferPointer(rebasing: downstreams[downstream].exchange.head[$0.range])
      }
    )
    let facts = forwardedFacts(downstream)
    var out = HeadWriter(scratch.head)
    upstreams[upstream].attemptFields = writer.write(
      scratch.responseTable,
      facts: facts,
      date: &date,
      to: &out
    )
    precondition(!out.isOverflowed && !out.isInvalid, "a head that was accepted doesn't fit")
    return out.count
  }

  /// The model that answers in place of the one that was asked for.
  private func servedModel(_ downstream: Handle) -> UnsafeRawBufferPointer? {
    guard downstreams[downstream].exchange.askedModel != nil,
      let range = downstreams[downstream].exchange.modelRange
    else { return nil }
    return UnsafeRawBufferPointer(
      rebasing: downstreams[downstream].exchange.request.bytes[range]
    )
  }
}
