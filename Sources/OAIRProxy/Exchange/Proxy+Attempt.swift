import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request: 6 connect, 7 send. Here is the one funnel between the machine, which
// decides, and what is done.

extension Proxy {
  /// Reports an event to the exchange's machine, and does what it answers.
  mutating func step(_ downstream: Handle, _ event: ExchangeMachine.Event) {
    let action = downstreams[downstream].exchange.machine.handle(event)
    switch action {
    case .none, .hold: break
    case .route: route(downstream)
    case .failOver: chooseCandidate(downstream)
    case .pause: break
    case .askAgain: askAgain(downstream)
    case .retrySame: retrySame(downstream)
    case .connect: connect(downstream)
    case .send: sendRequest(downstream)
    case .awaitHead: awaitHead(downstream)
    case .commit: commit(downstream)
    case .finish: finishUpstream(downstream)
    case .complete: completeFraming(downstream)
    case .abort: abortResponse(downstream)
    case .answer(let failure): answerFailure(downstream, failure)
    case .cancel:
      leaveUpstream(downstream)
      release(downstream)
    case .release: release(downstream)
    case .impossible:
      preconditionFailure(
        "event \(event) in phase \(downstreams[downstream].exchange.machine.phase)"
      )
    }
  }

  // MARK: 6 connect

  private mutating func connect(_ downstream: Handle) {
    guard let record = downstreams[downstream].exchange.record else {
      preconditionFailure("an attempt without a backend")
    }
    if upstreams.isFull || reactor.isFull { closeOldestIdle() }
    guard !upstreams.isFull, !reactor.isFull else {
      cannotConnect(downstream)
      return
    }
    let upstream = upstreams.insert(
      Upstream(registration: .none, record: record, limits: limits.http)
    )
    do {
      let registration = try openConnection(record, OwnerTag(.upstream, upstream))
      counters.upstreamConnections += 1
      upstreams[upstream].registration = registration
      upstreams[upstream].begin(for: downstream)
      downstreams[downstream].exchange.upstream = upstream
      let time = settings(of: downstream).deadlines.connect
      reactor.setDeadline(registration, at: reactor.now &+ time)
      sampleOverhead(downstream)
    } catch {
      _ = upstreams.remove(upstream)
      connectFailed(downstream, record, error.errno)
    }
  }

  private mutating func openConnection(
    _ record: BackendRecord,
    _ owner: OwnerTag
  ) throws(SystemError) -> Handle {
    do throws(SystemError) {
      return try reactor.connect(to: record.address, owner: owner.bits)
    } catch {
      guard error.errno.isExhaustion, freeDescriptor() else { throw error }
      return try reactor.connect(to: record.address, owner: owner.bits)
    }
  }

  /// The router has nothing left to connect with, which says nothing of the backend.
  private mutating func cannotConnect(_ downstream: Handle) {
    counters.connectExhaustion += 1
    noteFailure(downstream, .exhausted)
    endAttempt(downstream)
    step(downstream, .lost(.notConnected))
  }

  private mutating func connectFailed(
    _ downstream: Handle,
    _ record: BackendRecord,
    _ error: Errno
  ) {
    if error.isExhaustion {
      cannotConnect(downstream)
      return
    }
    if error.saysNobodyIsThere {
      signal(.refused, record)
    } else if error == .timedOut {
      signal(.connectTimedOut, record)
    } else {
      // Out of local ports, forbidden by a firewall of our own: no word of the backend.
      counters.connectTroubles += 1
    }
    noteFailure(downstream, .notConnected)
    endAttempt(downstream)
    step(downstream, .lost(.notConnected))
  }

  mutating func upstreamConnected(_ upstream: Handle) {
    let registration = upstreams[upstream].registration
    let downstream = upstreams[upstream].downstream
    if let error = reactor.connectError(registration) {
      let record = upstreams[upstream].record
      closeUpstream(upstream)
      connectFailed(downstream, record, error)
      return
    }
    upstreams[upstream].phase = .exchanging
    step(downstream, .connected)
  }

  // MARK: 7 send

  /// Sends the head, and what there is of the body.
  ///
  /// Each way out sets the connection's deadline: one from the pool has that of its idle time.
  private mutating func sendRequest(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    let registration = upstreams[upstream].registration
    upstreams[upstream].phase = .exchanging
    upstreams[upstream].beganAt = reactor.now
    let headCount = writeUpstreamHead(downstream, upstream)
    let head = UnsafeRawBufferPointer(rebasing: scratch.head[..<headCount])
    let whole = downstreams[downstream].exchange.body
    let body = UnsafeRawBufferPointer(rebasing: whole.prefix(bulk.piece))
    let result: IOResult
    if body.isEmpty {
      result = reactor.send(registration, head)
    } else if let whole = scratch.join(headCount: headCount, body) {
      result = reactor.send(registration, whole)
    } else {
      result = reactor.send(registration, head, body)
    }
    sampleOverhead(downstream)
    var sent = 0
    switch result {
    case .bytes(let count): sent = count
    case .wouldBlock: break
    case .endOfFile, .failed:
      reactor.setDeadline(registration, at: firstByteDeadline(downstream))
      // It may have answered before it closed: that is read first.
      upstreams[upstream].output.append(head)
      readUpstream(upstream)
      return
    }
    if sent < headCount {
      upstreams[upstream].output.append(UnsafeRawBufferPointer(rebasing: head[sent...]))
    }
    upstreams[upstream].bodySent = max(0, sent - headCount)
    let isWhole = sent == headCount + body.count && body.count == whole.count
    if isWhole, !downstreams[downstream].exchange.isStreamed {
      return requestSent(upstream, downstream)
    }
    reactor.setDeadline(registration, at: firstByteDeadline(downstream))
    guard sent == headCount + body.count else { return }
    if body.count < whole.count {
      // The rest has its turn with others' bulk.
      bulk.spend(sent)
      reactor.postpone(registration)
      return
    }
    sendUpload(upstream, downstream)
  }

  /// Goes on with what the kernel didn't take.
  mutating func sendRest(_ upstream: Handle) {
    let registration = upstreams[upstream].registration
    let downstream = upstreams[upstream].downstream
    let body = downstreams[downstream].exchange.body
    let whole = UnsafeRawBufferPointer(rebasing: body.dropFirst(upstreams[upstream].bodySent))
    let rest = UnsafeRawBufferPointer(rebasing: whole.prefix(bulk.piece))
    let head = upstreams[upstream].output.bytes
    if bulk.isSpent, whole.count > ProxyLimits.pipelinedCost {
      reactor.postpone(registration)
      return
    }
    if head.isEmpty, rest.isEmpty {
      sendUpload(upstream, downstream)
      return
    }
    let result: IOResult
    if head.isEmpty {
      result = reactor.send(registration, rest)
    } else if rest.isEmpty {
      result = reactor.send(registration, head)
    } else {
      result = reactor.send(registration, head, rest)
    }
    guard case .bytes(let count) = result else { return }
    let ofHead = min(count, head.count)
    let isTaken = count == head.count + rest.count
    if rest.count < whole.count || rest.count > ProxyLimits.pipelinedCost { bulk.spend(count) }
    upstreams[upstream].output.consume(ofHead)
    upstreams[upstream].bodySent += count - ofHead
    // A backend that takes the request slowly is at work on it: the time runs from its last byte.
    reactor.setDeadline(registration, at: firstByteDeadline(downstream))
    guard isTaken else { return }
    if rest.count < whole.count {
      reactor.postpone(registration)
    } else if downstreams[downstream].exchange.isStreamed {
      sendUpload(upstream, downstream)
    } else {
      requestSent(upstream, downstream)
    }
  }

  /// Passes on what has come of a streamed body.
  private mutating func sendUpload(_ upstream: Handle, _ downstream: Handle) {
    let registration = upstreams[upstream].registration
    guard !upstreams[upstream].isRequestSent else { return }
    let waiting = downstreams[downstream].exchange.upload.count
    if waiting > 0 {
      let result = reactor.send(registration, downstreams[downstream].exchange.upload.bytes)
      guard case .bytes(let count) = result else { return }
      reactor.setDeadline(registration, at: firstByteDeadline(downstream))
      uploadTaken(downstream, count)
      guard count == waiting else { return }
    }
    if downstreams[downstream].exchange.machine.request == .ended {
      requestSent(upstream, downstream)
    } else if !downstreams[downstream].exchange.machine.isCommitted {
      // The backend isn't slow: its client is.
      reactor.setDeadline(registration, at: .max)
    }
  }

  private mutating func requestSent(_ upstream: Handle, _ downstream: Handle) {
    upstreams[upstream].isRequestSent = true
    if !downstreams[downstream].exchange.mayBeRepeated { step(downstream, .consumed) }
    step(downstream, .sent)
    if downstreams[downstream].exchange.machine.isCommitted { releaseBody(downstream) }
  }

  private mutating func awaitHead(_ downstream: Handle) {
    let registration = upstreams[downstreams[downstream].exchange.upstream].registration
    reactor.setDeadline(registration, at: firstByteDeadline(downstream))
  }

  /// Writes the head into `scratch.head`.
  private mutating func writeUpstreamHead(_ downstream: Handle, _ upstream: Handle) -> Int {
    let head = downstreams[downstream].exchange.head
    parseAgain(downstream)
    var canonical: StaticString?
    if case .routed(_, let path?) = downstreams[downstream].exchange.route {
      canonical = path.path
    }
    let framing = upstreamFraming(downstream)
    let isTunnel = downstreams[downstream].exchange.isTunnel
    let writer = UpstreamHeadWriter(
      head: head,
      request: scratch.requestHead,
      record: upstreams[upstream].record,
      peer: downstreams[downstream].peer,
      canonicalPath: canonical,
      framing: framing,
      isTunnel: isTunnel,
      checksKeys: !settings(of: downstream).keys.isEmpty,
      queryModel: isTunnel ? tunnelModel(downstream) : nil
    )
    let facts = forwardedFacts(downstream)
    var out = HeadWriter(scratch.head)
    writer.write(scratch.requestTable, facts: facts, to: &out)
    if framing == .chunked, downstreams[downstream].exchange.bodyCount > 0 {
      let beginning = downstreams[downstream].exchange.bodyCount
      // What is at hand is the first chunk.
      out.append(hexadecimal: beginning)
      out.append("\r\n")
    }
    // The scratch holds twice the largest head, and what we add is bounded by it.
    precondition(!out.isOverflowed && !out.isInvalid, "a head that was accepted doesn't fit")
    return out.count
  }

  /// The name that the backend of an alias's tunnel is to find in the query.
  private mutating func tunnelModel(_ downstream: Handle) -> [UInt8]? {
    guard case .entry(let entry) = destination(downstream)
    else { return nil }
    let isFallback = downstreams[downstream].exchange.fallback > 0
    return table.servedName(entry) ?? (isFallback ? table.modelName(entry) : nil)
  }

  /// A body that is held has a length, however it came.
  private func upstreamFraming(_ downstream: Handle) -> MessageFraming {
    if downstreams[downstream].exchange.isStreamed {
      let framing = downstreams[downstream].exchange.framing
      guard case .length(let length) = framing else { return framing }
      return .length(length + downstreams[downstream].exchange.growth)
    }
    let count = downstreams[downstream].exchange.bodyCount
    // A POST has a body, if an empty one (RFC 9110 section 8.6); other methods have what they had.
    let method = downstreams[downstream].exchange.method
    return count == 0 && method != .post ? .none : .length(count)
  }

  /// Sees to it that the request's head is in `scratch`, with its fields: it still is from its
  /// reading, or is parsed again for a later attempt.
  private mutating func parseAgain(_ downstream: Handle) {
    let serial = downstreams[downstream].exchange.serial
    if scratch.parsedSerial == serial { return }
    let parsed = RequestHeadParser.parse(
      downstreams[downstream].exchange.head,
      previouslyScanned: 0,
      into: &scratch.requestTable,
      &scratch.requestHead,
      limits: limits.http
    )
    guard case .whole = parsed else {
      preconditionFailure("a head that parsed before doesn't any more")
    }
    scratch.parsedSerial = serial
  }

  mutating func forwardedFacts(_ downstream: Handle) -> ForwardedFacts {
    if let range = downstreams[downstream].exchange.requestID {
      let bytes = downstreams[downstream].exchange.head[range.range]
      return ForwardedFacts(requestID: UnsafeRawBufferPointer(rebasing: bytes))
    }
    // It goes to the backend, and often at once to the client too.
    let serial = downstreams[downstream].exchange.serial
    if scratch.identifiedSerial != serial {
      requestIDs.write(serial, to: scratch.requestID)
      scratch.identifiedSerial = serial
    }
    return ForwardedFacts(requestID: UnsafeRawBufferPointer(scratch.requestID))
  }
}
