import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// Answers of our own: local endpoints and errors. Bodies are rendered elsewhere (the route table)
// or on the way of an error; here they only get a head.

extension Proxy {
  mutating func answerLocally(
    _ downstream: Handle,
    _ local: PathTable.Local,
    _ head: RequestHead
  ) {
    downstreams[downstream].exchange.outcome = .local
    switch local {
    case .health: answer(downstream, 200, table.healthBody)
    case .livez: answer(downstream, 200, Array("{\"status\":\"ok\"}\n".utf8))
    case .readyz: answerReadiness(downstream)
    case .models: answerList(downstream, .models)
    case .metrics: orderMetrics(downstream, head)
    case .model(let id): answerModel(downstream, head, id)
    case .ollamaRoot:
      answer(downstream, 200, OllamaProbes.root, type: "text/plain; charset=utf-8")
    case .ollamaVersion: answer(downstream, 200, table.versionBody)
    case .ollamaTags: answerList(downstream, .tags)
    case .ollamaProcesses: answerList(downstream, .processes)
    }
  }

  /// What may be sent here, for a page that asks first and for anybody else (RFC 9110 section
  /// 9.3.7).
  mutating func answerOptions(_ downstream: Handle) {
    downstreams[downstream].exchange.outcome = .local
    answer(downstream, 204, [])
  }

  private mutating func answerReadiness(_ downstream: Handle) {
    let reason: String
    if lifecycle != .running, !hasSuccessor {
      reason = "draining"
    } else if table.healthyCount == 0 {
      reason = table.totalCount == 0 ? "no backends" : "no healthy backend"
    } else {
      answer(downstream, 200, Array("{\"status\":\"ready\"}\n".utf8))
      return
    }
    answer(
      downstream,
      503,
      Array("{\"status\":\"not ready\",\"reason\":\"\(reason)\"}\n".utf8)
    )
  }

  mutating func answer(
    _ downstream: Handle,
    _ status: Int,
    _ body: [UInt8],
    type: StaticString = "application/json"
  ) {
    _ = downstreams[downstream].exchange.machine.handle(.refused)
    send(downstream, status, body, type: type, error: nil)
  }

  // MARK: Errors

  /// Answers with an error instead of asking a backend.
  mutating func refuse(_ downstream: Handle, _ error: GatewayError) {
    leaveQueue(downstream)
    _ = downstreams[downstream].exchange.machine.handle(.refused)
    answerError(downstream, error)
  }

  /// The machine has given up on backends.
  mutating func answerFailure(_ downstream: Handle, _ failure: ExchangeMachine.Failure) {
    let backend = downstreams[downstream].exchange.record?.id ?? ""
    if downstreams[downstream].exchange.isShutDown {
      answerError(downstream, GatewayError(.draining))
      return
    }
    switch failure {
    case .refusal: break
    case .noCandidate where isAnotherLeft(downstream):
      let why = "couldn't be connected to, and no further one is asked (retry.attempts)."
      answerError(downstream, GatewayError(.upstreamError, backend, advice: why))
    case .noCandidate: answerError(downstream, noCandidateError(downstream))
    case .upstreamLost where !downstreams[downstream].exchange.mayBeRepeated:
      answerError(downstream, GatewayError(.upstreamErrorOnce, backend))
    case .upstreamLost: answerError(downstream, GatewayError(.upstreamError, backend))
    case .lostTwice: answerError(downstream, GatewayError(.backendLostTwice, backend))
    case .malformed: answerError(downstream, GatewayError(.upstreamProtocol, backend))
    case .timedOut: answerError(downstream, GatewayError(.upstreamTimeout, backend))
    case .misfit: answerError(downstream, scratch.unfit)
    }
  }

  /// Attempts are spent, and somebody is there who wasn't asked: it isn't for want of backends.
  private mutating func isAnotherLeft(_ downstream: Handle) -> Bool {
    downstreams[downstream].exchange.machine.attempts > 0
      && candidateChoice(downstream, isLook: true) != .none
  }

  mutating func noCandidateError(_ downstream: Handle) -> GatewayError {
    var lines: [String] = []
    var isLoading = false
    var candidates = UnsafeBufferPointer<Int32>(start: nil, count: 0)
    switch destination(downstream) {
    case .entry(let entry): candidates = table.candidates(entry)
    case .defaultBackend: lines = ["the default backend is down"]
    case .owner: lines = ["the backend that has made it is down or gone"]
    case .gone, .unresolved: break
    }
    let family = downstreams[downstream].exchange.service.family
    for index in candidates where lines.count < 8 && serves(Int(index), family) {
      let backend = table.backends[Int(index)]
      let tried = downstreams[downstream].exchange.tried.failure(Int32(backend.record.slot))
      let known = tried?.text ?? backend.lastError ?? hindrance(Int(index), family)
      isLoading = isLoading || backend.state == .loading
      lines.append("\(backend.record.id): \(known)")
    }
    let advice = lines.isEmpty ? "its last backend is gone" : lines.joined(separator: "; ")
    let kind = isLoading ? GatewayError.Kind.modelLoading : .noHealthyBackend
    return GatewayError(kind, wanted(downstream), advice: advice)
  }

  /// What there is no backend for, as errors call it.
  private mutating func wanted(_ downstream: Handle) -> String {
    if case .stored(let id) = downstreams[downstream].exchange.route {
      let name = downstreams[downstream].exchange.head[pathRange(downstream, id)]
      let text = String(decoding: name.prefix(ResponseOwners.idLimit), as: UTF8.self)
      return "the stored response '\(text)'"
    }
    let model = modelText(downstream)
    return model.isEmpty ? "requests that name no model" : "the model '\(model)'"
  }

  /// What this reactor has against a backend, which the table may not know yet; else its state.
  private func hindrance(_ index: Int, _ family: PathFamily) -> String {
    let fact = table.facts[index]
    let account = slots[Int(fact.slot)]
    guard account.incarnation == fact.incarnation else { return fact.state.name }
    if account.refusedBy > fact.acknowledgedSignal {
      return TriedBackends.Failure.notConnected.text
    }
    let isUnserved = account.unservedUntil > reactor.now && account.unserved.contains(family)
    return isUnserved ? "doesn't have the path" : fact.state.name
  }

  private mutating func answerError(_ downstream: Handle, _ error: GatewayError) {
    let response = ErrorResponse(error)
    downstreams[downstream].exchange.outcome = .failed
    downstreams[downstream].exchange.failureCode = response.code.value
    if downstreams[downstream].exchange.isHeadOut {
      sendErrorFrame(downstream, response)
      return
    }
    // A body that hasn't come whole leaves the place of the next request unknown.
    if response.closes || downstreams[downstream].exchange.machine.request != .ended,
      !downstreams[downstream].exchange.isBodySkipped
    {
      downstreams[downstream].exchange.keepsAlive = false
    }
    let body = response.body(errorShape(downstream))
    send(downstream, response.status, body, type: "application/json", error: response)
  }

  private func errorShape(_ downstream: Handle) -> ErrorShape {
    switch downstreams[downstream].exchange.family {
    case .messages: return .anthropic
    case .ollama: return .ollama
    default: break
    }
    let target = downstreams[downstream].exchange.target.range
    let head = downstreams[downstream].exchange.head
    return PathTable.errorShape(UnsafeRawBufferPointer(rebasing: head[target]))
  }

  // MARK: Sending

  private mutating func send(
    _ downstream: Handle,
    _ status: Int,
    _ body: [UInt8],
    type: StaticString,
    error: ErrorResponse?
  ) {
    downstreams[downstream].exchange.status = status
    if !isAccepting { downstreams[downstream].exchange.keepsAlive = false }
    let count = writeLocalHead(downstream, status, body.count, type, error)
    let head = UnsafeRawBufferPointer(rebasing: scratch.head[..<count])
    let isHead = downstreams[downstream].exchange.method == .head
    let isDelivered = body.withUnsafeBytes {
      deliver(downstream, head, isHead ? UnsafeRawBufferPointer(start: nil, count: 0) : $0)
    }
    guard isDelivered else { return }
    releaseBody(downstream)
    if downstreams[downstream].output.isEmpty { allWritten(downstream) }
  }

  private mutating func writeLocalHead(
    _ downstream: Handle,
    _ status: Int,
    _ length: Int,
    _ type: StaticString,
    _ error: ErrorResponse?
  ) -> Int {
    var out = HeadWriter(scratch.head)
    out.append("HTTP/1.1 ")
    out.append(decimal: status)
    out.append(byte: 0x20)
    out.append(ReasonPhrase.of(status))
    out.append("\r\n")
    date.withBytes { out.field("Date", $0) }
    out.field("Server", "oairouter")
    if status == 204 {
      writeOptions(downstream, to: &out)
    } else {
      out.field("Content-Type", type)
      out.field("Content-Length", decimal: length)
    }
    if let origin = downstreams[downstream].exchange.origin {
      let bytes = downstreams[downstream].exchange.head[origin.range]
      CORSFields.write(UnsafeRawBufferPointer(rebasing: bytes), to: &out)
    }
    if let error {
      if let seconds = error.retryAfter { out.field("Retry-After", decimal: seconds) }
      if status == 401 { out.append("WWW-Authenticate: Bearer\r\n") }
      if status == 426 { out.append("Upgrade: websocket\r\n") }
      if error.forbidsRetry { out.field("x-should-retry", "false") }
      if let allow = allowed(downstream, error) { out.field("Allow", allow) }
    }
    out.field("X-Request-ID", forwardedFacts(downstream).requestID)
    let attempts = downstreams[downstream].exchange.machine.attempts
    if attempts > 0 { out.field("X-OAIRouter-Attempts", decimal: Int(attempts)) }
    if !downstreams[downstream].exchange.keepsAlive { out.field("Connection", "close") }
    out.endOfHead()
    return out.count
  }

  private func writeOptions(_ downstream: Handle, to out: inout HeadWriter) {
    out.field("Allow", CORSFields.methods)
    guard downstreams[downstream].exchange.origin != nil else { return }
    let head = downstreams[downstream].exchange.head
    var wanted: UnsafeRawBufferPointer?
    for index in 0..<scratch.requestTable.count {
      let field = scratch.requestTable[index]
      let name = UnsafeRawBufferPointer(rebasing: head[field.name.range])
      if CORSFields.isRequestHeaders(name) {
        wanted = UnsafeRawBufferPointer(rebasing: head[field.value.range])
      }
    }
    CORSFields.writePreflight(wanted, to: &out)
  }

  private func allowed(_ downstream: Handle, _ error: ErrorResponse) -> StaticString? {
    guard let allow = error.allow else { return nil }
    switch downstreams[downstream].exchange.route {
    case .routed: return "POST"
    case .stored: return "GET, POST, DELETE"
    default: break
    }
    return allow.value
  }
}

/// The phrase behind a status; nobody acts on it (RFC 9112 section 4).
enum ReasonPhrase {
  static func of(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 204: "No Content"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 508: "Loop Detected"
    default: "Unknown"
    }
  }
}

/// What Ollama's clients ask for before they believe that a server is there.
enum OllamaProbes {
  static let root = Array("Ollama is running".utf8)
}
