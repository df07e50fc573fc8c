import OAIRHTTP1
import OAIRReactor
import OAIRSys
import OAIRWire

// The life of a request, first part: 2 readHead, 3 dispatch, 4 readBody.

extension Proxy {
  // MARK: 2 readHead

  /// Reads and parses as much of a head as there is.
  ///
  /// - Returns: true when there may be more to read.
  mutating func readHead(_ downstream: Handle) -> Bool {
    if !downstreams[downstream].input.isEmpty, downstreams[downstream].headScanned == 0 {
      // A request that came behind the former one.
      parseHead(downstream, downstreams[downstream].input.bytes, isInput: true)
      return downstreams.contains(downstream)
    }
    let registration = downstreams[downstream].registration
    guard reactor.readiness(registration).contains(.readable) else { return false }
    let result: IOResult
    let isInput = !downstreams[downstream].input.isEmpty
    if isInput {
      let space = downstreams[downstream].input.freeSpace(1024)
      result = reactor.receive(registration, into: space)
      if case .bytes(let count) = result { downstreams[downstream].input.didAppend(count) }
    } else {
      let space = UnsafeMutableRawBufferPointer(
        rebasing: scratch.read[..<ProxyLimits.readSize]
      )
      result = reactor.receive(registration, into: space)
    }
    switch result {
    case .bytes(let count):
      let bytes =
        isInput
        ? downstreams[downstream].input.bytes
        : UnsafeRawBufferPointer(rebasing: scratch.read[..<count])
      parseHead(downstream, bytes, isInput: isInput)
      return downstreams.contains(downstream)
    case .wouldBlock: return false
    case .endOfFile, .failed:
      closeDownstream(downstream)
      return false
    }
  }

  private mutating func parseHead(
    _ downstream: Handle,
    _ bytes: UnsafeRawBufferPointer,
    isInput: Bool
  ) {
    let parsed = RequestHeadParser.parse(
      bytes,
      previouslyScanned: downstreams[downstream].headScanned,
      into: &scratch.requestTable,
      limits: limits.http
    )
    scratch.parsedSerial = 0
    switch parsed {
    case .needMore:
      if !isInput { downstreams[downstream].input.append(bytes) }
      downstreams[downstream].headScanned = bytes.count
      guard downstreams[downstream].phase == .idle else { return }
      downstreams[downstream].phase = .readingHead
      reactor.setDeadline(
        downstreams[downstream].registration,
        at: reactor.now &+ deadlines.head
      )
    case .failed(let error):
      if error.status == 431 || error.status == 414 { counters.headLimit += 1 }
      beginBareExchange(downstream)
      refuse(downstream, headError(error))
    case .head(let head):
      beginExchange(downstream, head, bytes, isInput: isInput)
    }
  }

  private func headError(_ error: HTTP1Error) -> GatewayError {
    let reason = "\(error.reason) at byte \(error.offset)"
    switch error.status {
    case 414: return GatewayError(.requestLineTooLong, "\(limits.http.requestLine)")
    case 431: return GatewayError(.headTooLarge, reason)
    case 405: return GatewayError(.methodNotAllowed, reason)
    case 501: return GatewayError(.unsupportedTransfer, reason)
    default: return GatewayError(.badRequest, reason)
    }
  }

  /// An exchange for an answer to something that isn't a request.
  mutating func beginBareExchange(_ downstream: Handle) {
    downstreams[downstream].phase = .exchanging
    downstreams[downstream].exchange = newExchange()
    downstreams[downstream].input.removeAll()
    downstreams[downstream].headScanned = 0
  }

  private mutating func beginExchange(
    _ downstream: Handle,
    _ head: RequestHead,
    _ bytes: UnsafeRawBufferPointer,
    isInput: Bool
  ) {
    counters.requests += 1
    retryBudget.requestCame(at: reactor.now)
    reactor.setDeadline(downstreams[downstream].registration, at: .max)
    var exchange = newExchange()
    exchange.request.append(UnsafeRawBufferPointer(rebasing: bytes[..<head.length]))
    exchange.headLength = head.length
    exchange.framing = head.framing
    exchange.method = head.method
    exchange.minorVersion = head.minorVersion
    // An HTTP/1.0 client's body may have to be delimited by the close: it gets one request.
    exchange.keepsAlive = head.isKeepAlive && head.minorVersion == 1 && lifecycle == .running
    exchange.target = head.target
    if let id = scratch.requestTable.first(.xRequestID),
      RequestIDSource.isSafe(UnsafeRawBufferPointer(rebasing: bytes[id.value.range]))
    {
      exchange.requestID = id.value
    }
    exchange.route = PathTable.route(UnsafeRawBufferPointer(rebasing: bytes[head.path.range]))
    scratch.requestHead = head
    scratch.parsedSerial = exchange.serial
    // The body's first bytes go where the body will be; what is behind the request stays in input.
    var bodyBytes = 0
    if case .length(let length) = head.framing {
      bodyBytes = min(length, bytes.count - head.length)
    }
    let end = head.length + bodyBytes
    let body = UnsafeRawBufferPointer(rebasing: bytes[head.length..<end])
    let refusal = admitBody(&exchange, head, body)
    if isInput {
      downstreams[downstream].input.consume(end)
    } else if end < bytes.count {
      downstreams[downstream].input.append(UnsafeRawBufferPointer(rebasing: bytes[end...]))
    }
    downstreams[downstream].headScanned = 0
    downstreams[downstream].phase = .exchanging
    downstreams[downstream].exchange = exchange
    dispatch(downstream, head, refusal)
  }

  /// Takes the body's first bytes, within the bounds.
  ///
  /// - Returns: why the body can't be taken, nil when it can.
  private mutating func admitBody(
    _ exchange: inout Exchange,
    _ head: RequestHead,
    _ body: UnsafeRawBufferPointer
  ) -> GatewayError? {
    guard case .routed = exchange.route, head.method == .post else {
      // Answered here: the body is of no interest, but where it ends is.
      exchange.isBodySkipped = true
      if case .length(let length) = head.framing, length == body.count { return nil }
      if head.framing != .none { exchange.keepsAlive = false }
      return nil
    }
    switch head.framing {
    case .length(let length):
      guard length <= limits.body else {
        counters.bodyLimit += 1
        return GatewayError(.bodyTooLarge, "\(limits.body)")
      }
      guard reserve(&exchange, length) else { return bodyMemoryError() }
      exchange.bodyLength = length
      exchange.request.append(body)
      if body.count < length { _ = exchange.request.freeSpace(length - body.count) }
    case .chunked:
      guard reserve(&exchange, ProxyLimits.reservationStep) else { return bodyMemoryError() }
    case .none, .untilClose: break
    }
    return nil
  }

  private mutating func reserve(_ exchange: inout Exchange, _ bytes: Int) -> Bool {
    guard ledger.reserve(bytes) else {
      counters.bodiesTotalLimit += 1
      return false
    }
    exchange.reserved += bytes
    return true
  }

  private func bodyMemoryError() -> GatewayError {
    GatewayError(.bodyMemoryExhausted, "\(limits.bodiesTotal)")
  }

  // MARK: 3 dispatch

  private mutating func dispatch(
    _ downstream: Handle,
    _ head: RequestHead,
    _ refusal: GatewayError?
  ) {
    switch head.method {
    case .connect, .trace:
      refuse(downstream, GatewayError(.methodNotAllowed, methodName(downstream, head)))
      return
    default: break
    }
    switch downstreams[downstream].exchange.route {
    case .local(let local):
      guard head.method == .get || head.method == .head else {
        refuse(downstream, GatewayError(.methodNotAllowed, methodName(downstream, head)))
        return
      }
      answerLocally(downstream, local, head)
    case .unknown:
      refuse(downstream, GatewayError(.unsupportedEndpoint, targetText(downstream)))
    case .routed:
      guard head.method == .post else {
        refuse(downstream, routedMethodError(downstream, head))
        return
      }
      if let refusal {
        refuse(downstream, refusal)
      } else if head.hasContentEncoding {
        refuse(downstream, GatewayError(.contentEncoding))
      } else {
        beginBody(downstream, head)
      }
    }
  }

  private func routedMethodError(_ downstream: Handle, _ head: RequestHead) -> GatewayError {
    if case .routed(.opaque, _) = downstreams[downstream].exchange.route {
      return GatewayError(.unsupportedEndpoint, targetText(downstream))
    }
    return GatewayError(.methodNotAllowed, methodName(downstream, head))
  }

  private func methodName(_ downstream: Handle, _ head: RequestHead) -> String {
    let bytes = downstreams[downstream].exchange.head[head.methodRange.range]
    return String(decoding: bytes.prefix(32), as: UTF8.self)
  }

  func targetText(_ downstream: Handle) -> String {
    let range = downstreams[downstream].exchange.target.range
    return String(
      decoding: downstreams[downstream].exchange.head[range].prefix(256),
      as: UTF8.self
    )
  }

  // MARK: 4 readBody

  private mutating func beginBody(_ downstream: Handle, _ head: RequestHead) {
    if head.framing == .chunked { decodeChunks(downstream) }
    guard downstreams.contains(downstream),
      downstreams[downstream].exchange.machine.phase == .readingBody
    else { return }
    if isBodyWhole(downstream) {
      bodyCame(downstream)
      return
    }
    reactor.setDeadline(
      downstreams[downstream].registration,
      at: reactor.now &+ deadlines.bodyIdle
    )
    if head.expectsContinue, downstreams[downstream].exchange.body.isEmpty {
      // RFC 9110 section 10.1.1: the body is wanted.
      let interim: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
      let bytes = UnsafeRawBufferPointer(
        start: interim.utf8Start,
        count: interim.utf8CodeUnitCount
      )
      guard deliver(downstream, bytes, .init(start: nil, count: 0)) else { return }
      downstreams[downstream].exchange.responseBytes = 0
    }
  }

  private func isBodyWhole(_ downstream: Handle) -> Bool {
    switch downstreams[downstream].exchange.framing {
    case .none, .untilClose: true
    case .length(let length): downstreams[downstream].exchange.body.count == length
    case .chunked: downstreams[downstream].exchange.decoder.isEnded
    }
  }

  /// Reads on, straight into the buffer that keeps the body for further attempts.
  ///
  /// - Returns: true when there may be more to read.
  mutating func readBody(_ downstream: Handle) -> Bool {
    let registration = downstreams[downstream].registration
    guard reactor.readiness(registration).contains(.readable) else { return false }
    let isChunked = downstreams[downstream].exchange.framing == .chunked
    let result =
      isChunked ? receiveChunks(downstream, registration) : receiveBody(downstream, registration)
    switch result {
    case .bytes: break
    case .wouldBlock: return false
    case .endOfFile, .failed:
      clientGone(downstream)
      return false
    }
    if isChunked { decodeChunks(downstream) }
    guard downstreams.contains(downstream),
      downstreams[downstream].exchange.machine.phase == .readingBody
    else { return false }
    if isBodyWhole(downstream) {
      bodyCame(downstream)
    } else {
      peekModel(downstream, isComplete: false)
      reactor.setDeadline(registration, at: reactor.now &+ deadlines.bodyIdle)
    }
    return downstreams.contains(downstream)
  }

  private mutating func receiveBody(_ downstream: Handle, _ registration: Handle) -> IOResult {
    let missing =
      downstreams[downstream].exchange.bodyLength - downstreams[downstream].exchange.body.count
    let space = downstreams[downstream].exchange.request.freeSpace(missing)
    let wanted = min(missing, 4 * ProxyLimits.readSize)
    let result = reactor.receive(
      registration,
      into: UnsafeMutableRawBufferPointer(rebasing: space[..<wanted])
    )
    if case .bytes(let count) = result {
      downstreams[downstream].exchange.request.didAppend(count)
    }
    return result
  }

  private mutating func receiveChunks(_ downstream: Handle, _ registration: Handle) -> IOResult {
    let space = downstreams[downstream].input.freeSpace(ProxyLimits.readSize)
    let result = reactor.receive(registration, into: space)
    if case .bytes(let count) = result { downstreams[downstream].input.didAppend(count) }
    return result
  }

  /// Moves payload from `input` to the body.
  private mutating func decodeChunks(_ downstream: Handle) {
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
    if let refusal { refuse(downstream, refusal) }
  }

  private mutating func append(
    _ downstream: Handle,
    _ payload: UnsafeRawBufferPointer
  ) -> GatewayError? {
    let length = downstreams[downstream].exchange.body.count + payload.count
    guard length <= limits.body else {
      counters.bodyLimit += 1
      return GatewayError(.bodyTooLarge, "\(limits.body)")
    }
    while length > downstreams[downstream].exchange.reserved {
      guard ledger.reserve(ProxyLimits.reservationStep) else {
        counters.bodiesTotalLimit += 1
        return bodyMemoryError()
      }
      downstreams[downstream].exchange.reserved += ProxyLimits.reservationStep
    }
    downstreams[downstream].exchange.request.append(payload)
    return nil
  }

  private mutating func peekModel(_ downstream: Handle, isComplete: Bool) {
    let body = downstreams[downstream].exchange.body
    downstreams[downstream].exchange.peek.scan(body, isComplete: isComplete)
  }

  private mutating func bodyCame(_ downstream: Handle) {
    reactor.setDeadline(downstreams[downstream].registration, at: .max)
    downstreams[downstream].exchange.bodyLength = downstreams[downstream].exchange.body.count
    peekModel(downstream, isComplete: true)
    step(downstream, .bodyEnded)
  }
}
