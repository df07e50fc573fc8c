import OAIRHTTP1
import OAIRReactor
import OAIRSys
import OAIRWire

// A backend that queues a request for minutes sends the head of its stream at once, and perhaps
// comments. Clients bound their wait for a head, so it goes on alone after a while; it isn't the
// commit: another backend may still take over, as long as it can continue what that head began.

extension Proxy {
  /// Content is awaited: the head is given a time.
  mutating func awaitContent(_ downstream: Handle) {
    guard !downstreams[downstream].exchange.isHeadOut, downstreams[downstream].output.isEmpty
    else { return }
    reactor.setDeadline(
      downstreams[downstream].registration,
      at: reactor.now &+ ProxyLimits.earlyHeadNanoseconds
    )
  }

  /// Sends the head that is held, without the fields that tell of the attempt.
  mutating func sendEarlyHead(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    // A length that one backend promised can't be kept by another.
    if case .length = upstreams[upstream].body.framing { return }
    counters.earlyHeads += 1
    let isChunked = upstreams[upstream].body.framing == .chunked
    let isHTTP11 = downstreams[downstream].exchange.minorVersion == 1
    upstreams[upstream].body.isReframed = isHTTP11 && !isChunked
    downstreams[downstream].exchange.isHeadOut = true
    if upstreams[upstream].endsDownstream { downstreams[downstream].exchange.keepsAlive = false }
    let attemptFields = upstreams[upstream].attemptFields
    var head: [UInt8] = []
    head += upstreams[upstream].rewrittenHead.bytes[..<attemptFields.lowerBound]
    if upstreams[upstream].body.isReframed { head += Array("Transfer-Encoding: chunked\r\n".utf8) }
    head += upstreams[upstream].rewrittenHead.bytes[attemptFields.upperBound...]
    upstreams[upstream].rewrittenHead.removeAll()
    let isDelivered = head.withUnsafeBytes { deliver(downstream, $0, .init(start: nil, count: 0)) }
    if isDelivered, !upstreams[upstream].heldComments.isEmpty {
      passHeldComments(upstream, downstream)
    }
  }

  /// The comments that came before the head went out go before those that pass from now on.
  private mutating func passHeldComments(_ upstream: Handle, _ downstream: Handle) {
    let held = Array(upstreams[upstream].held.bytes)
    upstreams[upstream].held.removeAll()
    var count = 0
    var start = 0
    for range in upstreams[upstream].heldComments {
      let comments = held[range]
      scratch.read[count..<(count + range.count)].copyBytes(from: comments)
      count += range.count
      held[start..<range.lowerBound].withUnsafeBytes { upstreams[upstream].held.append($0) }
      start = range.upperBound
    }
    held[start...].withUnsafeBytes { upstreams[upstream].held.append($0) }
    for range in upstreams[upstream].heldComments.reversed() {
      upstreams[upstream].body.takeComments(range)
    }
    upstreams[upstream].heldComments.removeAll()
    let passing = UnsafeMutableRawBufferPointer(rebasing: scratch.read[..<count])
    _ = pass(upstream, downstream, head: .init(start: nil, count: 0), passing, isLast: false)
  }

  /// Keeps what has come of a stream before its content; comments pass once the head is out.
  mutating func holdOn(
    _ upstream: Handle,
    _ downstream: Handle,
    _ bytes: UnsafeMutableRawBufferPointer,
    since mark: ResponseBody.Mark
  ) {
    let comments = upstreams[upstream].body.comments(since: mark)
    guard downstreams[downstream].exchange.isHeadOut, let comments else {
      if let comments { upstreams[upstream].noteHeldComments(comments) }
      upstreams[upstream].held.append(UnsafeRawBufferPointer(bytes))
      return
    }
    upstreams[upstream].body.takeComments(comments)
    upstreams[upstream].held.append(
      UnsafeRawBufferPointer(rebasing: bytes[..<comments.lowerBound])
    )
    let passing = UnsafeMutableRawBufferPointer(rebasing: bytes[comments])
    _ = pass(upstream, downstream, head: .init(start: nil, count: 0), passing, isLast: false)
  }

  /// The last attempt has failed after a head went out: what would have been an answer becomes the
  /// family's error event, and the end can't be taken for a regular one.
  mutating func sendErrorFrame(_ downstream: Handle, _ error: ErrorResponse) {
    downstreams[downstream].exchange.keepsAlive = false
    let payload = ErrorEnvelope.frame(
      downstreams[downstream].exchange.family,
      message: error.message,
      code: error.code.text,
      sequenceNumber: 0
    )
    // What the client has of the body are comments in whole chunks.
    let isHTTP11 = downstreams[downstream].exchange.minorVersion == 1
    let frame = payload.map { isHTTP11 ? AbortFrame.chunks($0, behind: .none) : $0 } ?? []
    let isDelivered = frame.withUnsafeBytes {
      deliver(downstream, $0, UnsafeRawBufferPointer(start: nil, count: 0))
    }
    guard isDelivered else { return }
    releaseBody(downstream)
    if downstreams[downstream].output.isEmpty { allWritten(downstream) }
  }
}
