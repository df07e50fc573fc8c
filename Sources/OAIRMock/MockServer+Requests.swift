import OAIRHTTP1
import OAIRReactor
import OAIRSys

// The receiving half: bytes to requests.

extension MockServer {
  /// Reads what is there, until the request is complete.
  mutating func readInput(_ handle: Handle) {
    var reads = 0
    while connections.contains(handle), connections[handle].isReading {
      let socket = connections[handle].socket
      guard reactor.readiness(socket).contains(.readable) else { return }
      guard reads < options.limits.readsPerTurn else { return reactor.makeRunnable(socket) }
      reads += 1
      switch reactor.receive(socket, into: scratch) {
      case .bytes(let count):
        connections[handle].input.append(
          UnsafeRawBufferPointer(start: scratch.baseAddress, count: count)
        )
        setDeadline(handle, options.limits.requestIdle)
        advance(handle)
      case .wouldBlock: return
      case .endOfFile, .failed: return close(handle)
      }
    }
  }

  /// Makes requests of what has been read, one after the other.
  mutating func advance(_ handle: Handle) {
    var goesOn = true
    while goesOn, connections.contains(handle) {
      switch connections[handle].phase {
      case .readingHead: goesOn = takeHead(handle)
      case .readingBody: goesOn = takeBody(handle)
      case .waiting, .streaming, .flushing, .silent, .lingering: goesOn = false
      }
    }
  }

  /// - Returns: false when more bytes are needed.
  private mutating func takeHead(_ handle: Handle) -> Bool {
    let bytes = connections[handle].input.bytes
    let parse = RequestHeadParser.parse(
      bytes,
      previouslyScanned: connections[handle].scanned,
      into: &table,
      limits: http
    )
    switch parse {
    case .needMore:
      connections[handle].scanned = bytes.count
      return false
    case .failed(let error):
      refuse(handle, error.status, error.reason.description)
      return true
    case .head(let head):
      connections[handle].request = MockRequest(
        head,
        in: bytes,
        table,
        isRecorded: shared.record.capacity > 0
      )
      connections[handle].scanned = 0
      connections[handle].input.consume(head.length)
      beginBody(handle, head)
      return true
    }
  }

  private mutating func beginBody(_ handle: Handle, _ head: RequestHead) {
    connections[handle].decoder = nil
    switch head.framing {
    case .none, .untilClose: return dispatch(handle)
    case .chunked: connections[handle].decoder = ChunkedDecoder(limits: http)
    case .length(let count):
      guard hasRoom(handle, for: count) else { return }
      connections[handle].bodyLeft = count
    }
    connections[handle].phase = .readingBody
    // RFC 9110 section 10.1.1: not needed once a part of the body is here.
    guard head.expectsContinue, connections[handle].input.isEmpty else { return }
    _ = write(handle, Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
  }

  /// Whether so many more bytes of body are within the limits; refuses the request if not.
  private mutating func hasRoom(_ handle: Handle, for count: Int) -> Bool {
    let held = connections[handle].request?.body.count ?? 0
    guard count <= options.limits.body - held else {
      shared.counters.refusedBodies.increment()
      refuse(handle, 413, "The body is larger than \(options.limits.body) bytes.")
      return false
    }
    guard count <= options.limits.heldBodies - heldBytes else {
      shared.counters.refusedBodies.increment()
      refuse(handle, 503, "More than \(options.limits.heldBodies) bytes of bodies are held.")
      return false
    }
    return true
  }

  /// - Returns: false when more bytes are needed.
  private mutating func takeBody(_ handle: Handle) -> Bool {
    guard connections[handle].decoder == nil else { return takeChunks(handle) }
    let bytes = connections[handle].input.bytes
    let count = min(bytes.count, connections[handle].bodyLeft)
    connections[handle].bodyLeft -= count
    keep(handle, bytes[..<count])
    connections[handle].input.consume(count)
    guard connections[handle].bodyLeft == 0 else { return false }
    dispatch(handle)
    return true
  }

  private mutating func takeChunks(_ handle: Handle) -> Bool {
    let bytes = connections[handle].input.bytes
    var offset = 0
    while true {
      switch connections[handle].decoder?.next(bytes, at: &offset) ?? .needMore {
      case .payload(let range):
        guard hasRoom(handle, for: range.count) else { return true }
        keep(handle, bytes[range])
      case .lastChunk: continue
      case .needMore:
        connections[handle].input.consume(offset)
        return false
      case .end:
        connections[handle].input.consume(offset)
        dispatch(handle)
        return true
      case .failed(let error):
        refuse(handle, error.status, error.reason.description)
        return true
      }
    }
  }

  private mutating func keep(_ handle: Handle, _ bytes: Slice<UnsafeRawBufferPointer>) {
    connections[handle].request?.body.append(contentsOf: bytes)
    heldBytes += bytes.count
  }

  /// Answers what isn't a request that could be served, and closes.
  private mutating func refuse(_ handle: Handle, _ status: Int, _ message: String) {
    releaseBody(handle)
    let path = connections[handle].request?.path ?? ""
    connections[handle].request = nil
    let failure = MockFailure.status(status, message: message, retryAfterSeconds: nil)
    sendRefusal(handle, engine.document(failure, on: MockRoute(path, options.personality)))
  }

  private mutating func releaseBody(_ handle: Handle) {
    heldBytes -= connections[handle].request?.body.count ?? 0
    // Not `= []`: Swift 6.3.1 leaks what is assigned over through an optional chain in a slab.
    connections[handle].request?.body.removeAll()
  }

  // MARK: - A complete request

  private mutating func dispatch(_ handle: Handle) {
    guard let request = connections[handle].request else { return }
    setDeadline(handle, nil)
    connections[handle].served += 1
    if shared.record.capacity > 0 {
      shared.record.append(
        RecordedRequest(
          head: request.recordedHead,
          body: request.body,
          connection: connections[handle].number
        )
      )
    }
    let route = MockRoute(request.path, options.personality)
    connections[handle].route = route
    if route != .statistics { shared.counters.requests.increment() }
    if route.target == .inference { shared.counters.inferenceRequests.increment() }
    let state = engineState(for: request)
    let answer = engine.answer(request, state)
    releaseBody(handle)
    do throws(MockFaultError) {
      let fault = try fault(of: request, route.target)
      if fault != nil { shared.counters.faults.increment() }
      prepare(handle, answer, fault, loadTime: state.loadTime)
    } catch {
      let failure = MockFailure.status(
        400,
        message: "X-Mock-Fault: \(error)",
        retryAfterSeconds: nil
      )
      let document = engine.document(failure, on: route)
      prepare(handle, .document(document, work: .zero), nil, loadTime: .zero)
    }
  }

  /// The fault that the request brings concerns it, whatever its path is.
  private func fault(
    of request: MockRequest,
    _ target: MockFault.Target?
  ) throws(MockFaultError) -> MockFault.Kind? {
    if let text = request.fault { return shared.dice.roll(try MockFault(text)) }
    return shared.dice.draw(target, path: request.path)
  }
}
