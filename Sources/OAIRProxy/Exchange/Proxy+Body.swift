import OAIRHTTP1
import OAIRReactor
import OAIRSys
import OAIRWire

// The life of a request: 4 readBody. A body is held whole, so that it can be sent again; one that
// is too long for that streams on as soon as its model is known. `Proxy+Memory` sees to the room.

extension Proxy {
  /// Takes the body's first bytes, within the bounds.
  ///
  /// - Returns: why the body can't be taken, nil when it can.
  mutating func admitBody(
    _ downstream: Handle,
    _ body: UnsafeRawBufferPointer
  ) -> GatewayError? {
    let framing = downstreams[downstream].exchange.framing
    guard downstreams[downstream].exchange.isForwarded else {
      // Answered here: the body is of no interest, but where it ends is.
      downstreams[downstream].exchange.isBodySkipped = true
      if case .length(let length) = framing, length == body.count { return nil }
      if framing != .none { downstreams[downstream].exchange.keepsAlive = false }
      return nil
    }
    switch framing {
    case .length(let length):
      guard length <= limits.body else {
        counters.bodyLimit += 1
        return GatewayError(.bodyTooLarge, "\(limits.body)")
      }
      let isHeld = length <= limits.replay
      let account: BodyLedger.Account = length <= BodyLedger.smallBody ? .small : .large
      let wanted = isHeld ? length : min(length, ProxyLimits.reservationStep)
      let hasRoom = reserve(downstream, wanted, account)
      let room = hasRoom && isHeld ? length : body.count
      downstreams[downstream].exchange.beginBody(body, length: length, room: room, from: &spares)
    case .chunked:
      _ = reserve(downstream, BodyLedger.smallBody, .small)
    case .none, .untilClose: break
    }
    return nil
  }

  mutating func beginBody(_ downstream: Handle) {
    if downstreams[downstream].exchange.awaitedMemory > 0 {
      awaitMemory(downstream)
      return
    }
    continueBody(downstream)
  }

  /// There is room: goes on with what is at hand already.
  mutating func continueBody(_ downstream: Handle) {
    // Nearly always it has come with its head.
    if downstreams[downstream].exchange.isHeldBodyWhole { return heldBodyEnded(downstream) }
    if downstreams[downstream].exchange.owesContinue, !inviteBody(downstream) { return }
    let missing = missingBody(downstream)
    if missing > 0, missing <= downstreams[downstream].exchange.reserved {
      downstreams[downstream].exchange.request.makeRoom(missing, from: &spares)
    }
    let isChunked = downstreams[downstream].exchange.framing == .chunked
    if isChunked, !decodeChunks(downstream) { return }
    bodyAdvanced(downstream)
  }

  /// Tells a client that waits for it that the body is wanted (RFC 9110 section 10.1.1).
  ///
  /// One that hasn't waited needs no telling.
  ///
  /// - Returns: false when the client is gone.
  private mutating func inviteBody(_ downstream: Handle) -> Bool {
    downstreams[downstream].exchange.owesContinue = false
    guard downstreams[downstream].exchange.body.isEmpty, downstreams[downstream].input.isEmpty
    else { return true }
    let interim: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    let bytes = UnsafeRawBufferPointer(start: interim.utf8Start, count: interim.utf8CodeUnitCount)
    guard deliver(downstream, bytes, .init(start: nil, count: 0)) else { return false }
    downstreams[downstream].exchange.responseBytes = 0
    return true
  }

  /// The client's bytes are wanted: all of a held body, or as much of a streamed one as its
  /// backend takes.
  func wantsBody(_ downstream: Handle) -> Bool {
    guard downstreams[downstream].exchange.machine.request == .open,
      downstreams[downstream].exchange.awaitedMemory == 0,
      downstreams[downstream].exchange.ticket == .none
    else { return false }
    switch downstreams[downstream].exchange.machine.phase {
    case .readingBody: return true
    case .routing, .connecting, .sending, .awaiting, .holding, .streaming:
      return downstreams[downstream].exchange.isStreamed
        && !downstreams[downstream].exchange.isUploadPaused
    case .pausing, .ending, .answering, .aborting, .done: return false
    }
  }

  /// Reads on, straight into the buffer that keeps the body for further attempts.
  ///
  /// - Returns: true when there may be more to read.
  mutating func readBody(_ downstream: Handle) -> Bool {
    let registration = downstreams[downstream].registration
    guard reactor.readiness(registration).contains(.readable) else { return false }
    let room = bodyRoom(downstream)
    guard room > 0 else { return false }
    let isChunked = downstreams[downstream].exchange.framing == .chunked
    let result =
      isChunked
      ? receiveChunks(downstream, registration, room) : receiveBody(downstream, registration, room)
    switch result {
    case .bytes(let count): bulk.spend(count)
    case .wouldBlock: return false
    case .endOfFile, .failed:
      clientGone(downstream)
      return false
    }
    if isChunked, !decodeChunks(downstream) { return downstreams.contains(downstream) }
    bodyAdvanced(downstream)
    return downstreams.contains(downstream)
  }

  /// How much may be read now; 0 when reading has to wait.
  private mutating func bodyRoom(_ downstream: Handle) -> Int {
    guard downstreams[downstream].exchange.isStreamed else {
      return min(memoryRoom(downstream), bulk.piece)
    }
    let room = ProxyLimits.uploadWindow - downstreams[downstream].exchange.upload.count
    if room <= 0 {
      // The client isn't slow: we don't listen.
      downstreams[downstream].exchange.isUploadPaused = true
      endBodyDeadline(downstream)
    }
    return min(room, bulk.piece)
  }

  private mutating func receiveBody(
    _ downstream: Handle,
    _ registration: Handle,
    _ room: Int
  ) -> IOResult {
    let wanted = min(missingBody(downstream), room)
    if downstreams[downstream].exchange.isStreamed {
      let space = downstreams[downstream].exchange.upload.freeSpace(wanted)
      let result = reactor.receive(registration, into: .init(rebasing: space[..<wanted]))
      if case .bytes(let count) = result {
        let piece = UnsafeRawBufferPointer(rebasing: space[..<count])
        downstreams[downstream].exchange.peek.scanPiece(piece)
        downstreams[downstream].exchange.upload.didAppend(count)
        downstreams[downstream].exchange.streamedBytes += count
      }
      return result
    }
    let space = downstreams[downstream].exchange.request.freeSpace(wanted)
    let result = reactor.receive(registration, into: .init(rebasing: space[..<wanted]))
    if case .bytes(let count) = result {
      downstreams[downstream].exchange.request.didAppend(count)
    }
    return result
  }

  private func missingBody(_ downstream: Handle) -> Int {
    downstreams[downstream].exchange.missingBody
  }

  private mutating func receiveChunks(
    _ downstream: Handle,
    _ registration: Handle,
    _ room: Int
  ) -> IOResult {
    let wanted = min(room, ProxyLimits.readSize)
    let space = downstreams[downstream].input.freeSpace(wanted)
    let result = reactor.receive(registration, into: .init(rebasing: space[..<wanted]))
    if case .bytes(let count) = result { downstreams[downstream].input.didAppend(count) }
    return result
  }

  /// Moves payload from `input` to the body, for which there is room.
  ///
  /// - Returns: false when the body was refused; its exchange may be over then.
  private mutating func decodeChunks(_ downstream: Handle) -> Bool {
    let bytes = downstreams[downstream].input.bytes
    var offset = 0
    var refusal: GatewayError?
    decoding: while true {
      switch downstreams[downstream].exchange.decoder.next(bytes, at: &offset) {
      case .payload(let range):
        refusal = append(downstream, UnsafeRawBufferPointer(rebasing: bytes[range]))
        if refusal != nil { break decoding }
      case .lastChunk: continue
      case .end, .needMore: break decoding
      case .failed(let error):
        refusal = GatewayError(.badRequest, "\(error.reason)")
        break decoding
      }
    }
    downstreams[downstream].input.consume(offset)
    guard let refusal else { return true }
    breakOff(downstream, refusal)
    return false
  }

  private mutating func append(
    _ downstream: Handle,
    _ payload: UnsafeRawBufferPointer
  ) -> GatewayError? {
    let former = downstreams[downstream].exchange.receivedBody
    guard former + payload.count <= limits.body else {
      counters.bodyLimit += 1
      return GatewayError(.bodyTooLarge, "\(limits.body)")
    }
    if downstreams[downstream].exchange.isStreamed {
      downstreams[downstream].exchange.peek.scanPiece(payload)
      downstreams[downstream].exchange.upload.append(Chunk.wrap(payload, isLast: false))
      downstreams[downstream].exchange.streamedBytes += payload.count
    } else {
      downstreams[downstream].exchange.request.append(payload)
    }
    return nil
  }

  /// More of the body is here: it is whole, or streams on, or more is awaited.
  private mutating func bodyAdvanced(_ downstream: Handle) {
    let isWhole = downstreams[downstream].exchange.isBodyWhole
    if downstreams[downstream].exchange.isStreamed {
      if isWhole { downstreams[downstream].exchange.endPieces() }
      if let error = streamedError(downstream) {
        breakOff(downstream, error)
      } else {
        uploadAdvanced(downstream, isWhole: isWhole)
      }
    } else if isWhole {
      heldBodyEnded(downstream)
    } else {
      awaitBody(downstream)
      downstreams[downstream].exchange.peekModel(isComplete: false)
      if mayStream(downstream) { beginStreaming(downstream) }
    }
  }

  /// All of a body is here that is kept: no byte of it is waited for any more.
  private mutating func heldBodyEnded(_ downstream: Handle) {
    reactor.setDeadline(downstreams[downstream].registration, at: .max)
    downstreams[downstream].exchange.endBody()
    step(downstream, .bodyEnded)
  }

  private mutating func awaitBody(_ downstream: Handle) {
    reactor.setDeadline(
      downstreams[downstream].registration,
      at: reactor.now &+ settings(of: downstream).deadlines.bodyIdle
    )
  }

  /// Once an answer goes out, the connection's deadline is that of its writing.
  private mutating func endBodyDeadline(_ downstream: Handle) {
    guard !downstreams[downstream].exchange.machine.isCommitted else { return }
    reactor.setDeadline(downstreams[downstream].registration, at: .max)
  }

  // MARK: Streamed uploads

  private func mayStream(_ downstream: Handle) -> Bool {
    guard downstreams[downstream].exchange.peek.modelRange != nil,
      downstreams[downstream].exchange.peek.problem == nil
    else { return false }
    if case .length(let length) = downstreams[downstream].exchange.framing {
      return length > limits.replay
    }
    return downstreams[downstream].exchange.body.count > limits.replay
  }

  private mutating func beginStreaming(_ downstream: Handle) {
    counters.streamedUploads += 1
    downstreams[downstream].exchange.isStreamed = true
    downstreams[downstream].exchange.beginPieces()
    if downstreams[downstream].exchange.framing == .chunked {
      // What goes before it is one chunk.
      downstreams[downstream].exchange.upload.append(Array("\r\n".utf8))
    }
    step(downstream, .modelFound)
  }

  /// Why a streamed body's backend mustn't get its end: what has come since it was routed isn't
  /// sound, names another model, or names the one again in whose place another one stands by now.
  private func streamedError(_ downstream: Handle) -> GatewayError? {
    if !downstreams[downstream].exchange.peek.isSound { return peekError(downstream) }
    let isRenamed = downstreams[downstream].exchange.askedModel != nil
    return isRenamed && downstreams[downstream].exchange.isModelRepeated ? .repeatedModel : nil
  }

  private mutating func uploadAdvanced(_ downstream: Handle, isWhole: Bool) {
    if isWhole {
      endBodyDeadline(downstream)
      if downstreams[downstream].exchange.framing == .chunked {
        let end = Chunk.wrap(.init(start: nil, count: 0), isLast: true)
        downstreams[downstream].exchange.upload.append(end)
      }
      step(downstream, .bodyEnded)
    } else if !downstreams[downstream].exchange.machine.isCommitted {
      awaitBody(downstream)
    }
    let upstream = downstreams[downstream].exchange.upstream
    if upstreams.contains(upstream), upstreams[upstream].phase == .exchanging {
      sendRest(upstream)
    }
  }

  /// The backend has taken some of a streamed body.
  mutating func uploadTaken(_ downstream: Handle, _ count: Int) {
    downstreams[downstream].exchange.upload.consume(count)
    if downstreams[downstream].exchange.machine.isReplayable { step(downstream, .consumed) }
    guard downstreams[downstream].exchange.isUploadPaused,
      downstreams[downstream].exchange.upload.count <= ProxyLimits.uploadWindow / 2
    else { return }
    downstreams[downstream].exchange.isUploadPaused = false
    if !downstreams[downstream].exchange.machine.isCommitted { awaitBody(downstream) }
    // What the kernel holds already raises no new edge.
    reactor.postpone(downstreams[downstream].registration)
  }

  /// The body can't be taken any further.
  mutating func breakOff(_ downstream: Handle, _ error: GatewayError) {
    if downstreams[downstream].exchange.machine.isCommitted {
      // An answer is on its way that the client hasn't waited for: there is no other.
      clientGone(downstream)
      return
    }
    if downstreams[downstream].exchange.machine.hasAttempt { dropUpstream(downstream) }
    refuse(downstream, error)
  }
}
