import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, first part: 2 readHead, 3 dispatch.

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
        rebasing: scratch.read[..<ProxyLimits.firstRead]
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
      &scratch.requestHead,
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
        at: reactor.now &+ settings.deadlines.head
      )
    case .failed(let error):
      if error.status == 431 || error.status == 414 { counters.headLimit += 1 }
      beginBareExchange(downstream)
      refuse(downstream, headError(error))
    case .whole: beginExchange(downstream, bytes, isInput: isInput)
    }
  }

  /// A form has its own grammar; anything else is taken for JSON, whatever it is called.
  private mutating func chooseScanner(
    _ downstream: Handle,
    _ bytes: UnsafeRawBufferPointer
  ) -> GatewayError? {
    guard case .routed = downstreams[downstream].exchange.route,
      let field = scratch.requestTable.first(.contentType)
    else { return nil }
    let types = (0..<scratch.requestTable.count).count {
      scratch.requestTable[$0].known == .contentType
    }
    guard types == 1 else {
      return GatewayError(.invalidForm, "it has more than one Content-Type")
    }
    let type = UnsafeRawBufferPointer(rebasing: bytes[field.value.range])
    guard let boundary = MultipartBoundary.find(in: type) else {
      return GatewayError(.invalidForm, "its Content-Type has no valid boundary")
    }
    downstreams[downstream].exchange.peek = BodyPeek(boundary: boundary)
    return nil
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
    beginExchange(on: downstream)
    downstreams[downstream].input.removeAll()
    downstreams[downstream].headScanned = 0
  }

  /// A request's head is there, the one that was parsed last.
  private mutating func beginExchange(
    _ downstream: Handle,
    _ bytes: UnsafeRawBufferPointer,
    isInput: Bool
  ) {
    counters.requests += 1
    retryBudget.requestCame(at: reactor.now)
    reactor.setDeadline(downstreams[downstream].registration, at: .max)
    beginExchange(on: downstream)
    downstreams[downstream].exchange.keep(scratch.requestHead, bytes, scratch.requestTable)
    if !isAccepting { downstreams[downstream].exchange.keepsAlive = false }
    if settings.sessionField != nil {
      downstreams[downstream].exchange.session = sessionHash(bytes)
    }
    scratch.parsedSerial = serial
    // The body's first bytes go where the body will be; what is behind the request stays in input.
    let headLength = downstreams[downstream].exchange.headLength
    var end = headLength
    if case .length(let length) = downstreams[downstream].exchange.framing {
      end += min(length, bytes.count - headLength)
    }
    let body = UnsafeRawBufferPointer(rebasing: bytes[headLength..<end])
    var refusal: GatewayError?
    if scratch.requestHead.contentKind == .multipart { refusal = chooseScanner(downstream, bytes) }
    if refusal == nil { refusal = admitBody(downstream, body) }
    if isInput {
      downstreams[downstream].input.consume(end)
    } else if end < bytes.count {
      downstreams[downstream].input.append(UnsafeRawBufferPointer(rebasing: bytes[end...]))
    }
    downstreams[downstream].headScanned = 0
    downstreams[downstream].phase = .exchanging
    dispatch(downstream, refusal)
  }

  // MARK: 3 dispatch

  /// Says what becomes of a request, whose head is the one that was parsed last.
  private mutating func dispatch(_ downstream: Handle, _ refusal: GatewayError?) {
    if let error = browserError(downstream) { return refuse(downstream, error) }
    if !settings.keys.isEmpty, let error = keyError(downstream) {
      return refuse(downstream, error)
    }
    let method = downstreams[downstream].exchange.method
    switch method {
    case .connect, .trace:
      refuse(downstream, GatewayError(.methodNotAllowed, methodName(downstream)))
      return
    case .options:
      answerOptions(downstream)
      return
    default: break
    }
    switch downstreams[downstream].exchange.route {
    case .local(let local):
      guard method == .get || method == .head else {
        refuse(downstream, GatewayError(.methodNotAllowed, methodName(downstream)))
        return
      }
      answerLocally(downstream, local, scratch.requestHead)
    case .unknown:
      refuse(downstream, GatewayError(.unsupportedEndpoint, targetText(downstream)))
    case .platform:
      refuse(
        downstream,
        GatewayError(
          .unsupportedEndpoint,
          targetText(downstream),
          advice: "It belongs to a platform: inference servers that one runs oneself don't have it."
        )
      )
    case .dotted:
      refuse(downstream, GatewayError(.badRequest, "its path has a segment '.' or '..'"))
    case .tunnel:
      if scratch.requestTable.contains(.via), let loop = loopError(downstream) {
        refuse(downstream, loop)
      } else {
        beginTunnel(downstream, scratch.requestHead)
      }
    case .routed where method != .post:
      refuse(downstream, routedMethodError(downstream))
    case .stored where ![.get, .post, .delete].contains(method):
      refuse(downstream, GatewayError(.methodNotAllowed, methodName(downstream)))
    case .routed, .stored:
      if scratch.requestTable.contains(.via), let loop = loopError(downstream) {
        refuse(downstream, loop)
      } else if let refusal {
        refuse(downstream, refusal)
      } else if scratch.requestHead.hasContentEncoding {
        refuse(downstream, GatewayError(.contentEncoding))
      } else {
        beginBody(downstream)
      }
    }
  }

  /// Pages that may not use the router, or that only seem to be of this machine.
  private mutating func browserError(_ downstream: Handle) -> GatewayError? {
    if downstreams[downstream].checksHost, settings.keys.isEmpty,
      let error = hostError(downstream, scratch.requestHead)
    {
      counters.refusedHosts += 1
      return error
    }
    guard scratch.requestTable.contains(.origin),
      let origin = scratch.requestTable.first(.origin)
    else { return nil }
    let bytes = downstreams[downstream].exchange.head[origin.value.range]
    guard settings.browsers.allows(origin: UnsafeRawBufferPointer(rebasing: bytes)) else {
      counters.refusedOrigins += 1
      return GatewayError(.originNotAllowed, String(decoding: bytes.prefix(256), as: UTF8.self))
    }
    downstreams[downstream].exchange.origin = origin.value
    return nil
  }

  /// It calls the router by a name that isn't this machine's: a page may have been made to.
  func hostError(_ downstream: Handle, _ head: RequestHead) -> GatewayError? {
    let bytes = downstreams[downstream].exchange.head[head.host.range]
    if settings.browsers.allows(host: UnsafeRawBufferPointer(rebasing: bytes)) { return nil }
    return GatewayError(.hostNotAllowed, String(decoding: bytes.prefix(256), as: UTF8.self))
  }

  /// A backend that leads back here would send the request round until something breaks.
  private mutating func loopError(_ downstream: Handle) -> GatewayError? {
    let head = downstreams[downstream].exchange.head
    var hops = 0
    for index in 0..<scratch.requestTable.count where scratch.requestTable[index].known == .via {
      hops += ViaField.count(UnsafeRawBufferPointer(rebasing: head[valueRange(index)]))
    }
    guard hops >= ProxyLimits.hops else { return nil }
    counters.loops += 1
    return GatewayError(.loop, "\(hops)")
  }

  private func valueRange(_ index: Int) -> Range<Int> {
    scratch.requestTable[index].value.range
  }

  private func routedMethodError(_ downstream: Handle) -> GatewayError {
    if downstreams[downstream].exchange.service.family == .other {
      return GatewayError(.unsupportedEndpoint, targetText(downstream))
    }
    return GatewayError(.methodNotAllowed, methodName(downstream))
  }

  private func methodName(_ downstream: Handle) -> String {
    let bytes = downstreams[downstream].exchange.head[scratch.requestHead.methodRange.range]
    return String(decoding: bytes.prefix(32), as: UTF8.self)
  }

  func targetText(_ downstream: Handle) -> String {
    let range = downstreams[downstream].exchange.target.range
    return String(
      decoding: downstreams[downstream].exchange.head[range].prefix(256),
      as: UTF8.self
    )
  }
}
