import OAIRHTTP1
import OAIRReactor
import OAIRSys

// The sending half: answers and their faults.

extension MockServer {
  /// Lets a fault change an answer, and waits until it is due.
  ///
  /// - Parameter loadTime: how long the model is loaded before anything else.
  mutating func prepare(
    _ handle: Handle,
    _ answer: MockEngine.Answer,
    _ fault: MockFault.Kind?,
    loadTime: Duration
  ) {
    var delay = loadTime
    switch fault {
    case .status(let status, let retryAfter):
      let failure = MockFailure.status(
        status,
        message: "This is an injected fault.",
        retryAfterSeconds: retryAfter
      )
      let document = engine.document(failure, on: connections[handle].route)
      return wait(handle, for: .zero, then: .document(document, nil))
    case .reset: return close(handle, isReset: true)
    case .resetBeforeHead:
      return wait(handle, for: options.timeToFirstToken, then: .close(isReset: true))
    case .endBeforeHead:
      return wait(handle, for: options.timeToFirstToken, then: .close(isReset: false))
    case .noResponse:
      connections[handle].phase = .silent
      if isPeerGone(handle) { abandon(handle) }
      return
    case .death(let pause): return die(returningAfter: pause)
    case .slowHead(let duration): delay += duration
    case .surplus(let count): connections[handle].surplus = count
    case nil, .broken, .noEndMarker, .noTerminator, .shortBody: break
    }
    switch answer {
    case .document(let document, let work):
      schedule(handle, after: delay + work, Self.broken(document, fault))
    case .stream(var script):
      if fault == .noEndMarker, !script.closing.isEmpty { script.closing.removeLast() }
      if options.personality.headWaitsForToken { delay += options.timeToFirstToken }
      schedule(handle, after: delay, .stream(script, Self.breakPoint(fault)))
    }
  }

  private static func broken(
    _ document: Document,
    _ fault: MockFault.Kind?
  ) -> MockConnection.Pending {
    switch fault {
    case .noTerminator: .unterminated(document)
    case .shortBody(let count):
      .document(document, .init(after: max(document.body.count - count, 0), how: .eof))
    case .broken(let after, let how, _): .document(document, .init(after: after, how: how))
    default: .document(document, nil)
    }
  }

  private static func breakPoint(_ fault: MockFault.Kind?) -> TokenStream.BreakPoint? {
    switch fault {
    case .broken(let after, let how, let unit): .init(after: after, how: how, unit: unit)
    // All events, and then the connection's end in place of the stream's.
    case .noTerminator, .shortBody: .init(after: .max, how: .eof, unit: .events)
    default: nil
    }
  }

  mutating func wait(
    _ handle: Handle,
    for time: Duration,
    then pending: MockConnection.Pending
  ) {
    connections[handle].phase = .waiting
    connections[handle].pending = pending
    guard time > .zero else { return beginAnswer(handle) }
    wake(handle, at: reactor.now &+ time.nanoseconds)
    if isPeerGone(handle) { abandon(handle) }
  }

  /// The wait is over.
  mutating func beginAnswer(_ handle: Handle) {
    guard let pending = connections[handle].pending else { return }
    connections[handle].pending = nil
    switch pending {
    case .close(let isReset): close(handle, isReset: isReset)
    case .document(let document, nil):
      sendDocument(handle, document, isKeepAlive: keepsAlive(handle, document.status))
    case .document(let document, let breakPoint?): sendBroken(handle, document, breakPoint)
    case .unterminated(let document):
      let size = Array("\(String(document.body.count, radix: 16))\r\n".utf8)
      let head = engine.head(document, .chunked, isKeepAlive: keepsAlive(handle, document.status))
      send(handle, head + size + document.body + [0x0D, 0x0A], afterwards: .close)
    case .stream(let script, let breakPoint): beginStream(handle, script, breakPoint)
    }
  }

  /// Whether the connection may serve another request after this one.
  func keepsAlive(_ handle: Handle, _ status: Int) -> Bool {
    guard connections[handle].request?.isKeepAlive == true else { return false }
    guard connections[handle].served < options.personality.requestsPerConnection else {
      return false
    }
    return status < 400 || !options.personality.closesAfterError
  }

  // MARK: - Answers in one piece

  /// Sends a document whole, in one write.
  mutating func sendDocument(_ handle: Handle, _ document: Document, isKeepAlive: Bool) {
    let bytes = engine.head(document, .length(document.body.count), isKeepAlive: isKeepAlive)
    let isBodiless = connections[handle].request?.method == .head
    send(
      handle,
      isBodiless ? bytes : bytes + document.body,
      afterwards: isKeepAlive ? .nextRequest : .close
    )
  }

  /// Sends a document to a client that may still be sending its request.
  mutating func sendRefusal(_ handle: Handle, _ document: Document) {
    let head = engine.head(document, .length(document.body.count), isKeepAlive: false)
    send(handle, head + document.body, afterwards: .linger)
  }

  /// Sends a document up to the byte where its fault strikes.
  private mutating func sendBroken(
    _ handle: Handle,
    _ document: Document,
    _ breakPoint: TokenStream.BreakPoint
  ) {
    let afterwards: MockConnection.Afterwards
    switch breakPoint.how {
    case .cut: afterwards = .reset
    case .eof: afterwards = .close
    case .stall: afterwards = .silence
    case .error:
      let failure = MockFailure.status(
        500,
        message: "This is an injected fault.",
        retryAfterSeconds: nil
      )
      return sendDocument(
        handle,
        engine.document(failure, on: connections[handle].route),
        isKeepAlive: keepsAlive(handle, 500)
      )
    }
    let isKeepAlive = keepsAlive(handle, document.status)
    let head = engine.head(document, .length(document.body.count), isKeepAlive: isKeepAlive)
    send(handle, head + document.body.prefix(breakPoint.after), afterwards: afterwards)
  }

  private mutating func send(
    _ handle: Handle,
    _ bytes: [UInt8],
    afterwards: MockConnection.Afterwards
  ) {
    guard write(handle, bytes) else { return }
    finish(handle, afterwards)
  }

  // MARK: - Bytes

  /// Sends bytes, and keeps what the kernel doesn't take.
  ///
  /// - Returns: false when the connection is lost; it is closed then.
  mutating func write(_ handle: Handle, _ bytes: [UInt8]) -> Bool {
    guard connections[handle].output.isEmpty else {
      connections[handle].output.append(bytes)
      return true
    }
    let socket = connections[handle].socket
    var sent = 0
    switch bytes.withUnsafeBytes({ reactor.send(socket, $0) }) {
    case .bytes(let count): sent = count
    case .wouldBlock: break
    case .endOfFile, .failed:
      abandon(handle)
      return false
    }
    guard sent < bytes.count else { return true }
    bytes.withUnsafeBytes { bytes in
      connections[handle].output.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
    }
    setDeadline(handle, options.limits.writeIdle)
    return true
  }

  /// Sends what was kept.
  ///
  /// - Returns: true when nothing is left; false also when the connection is lost.
  mutating func flush(_ handle: Handle) -> Bool {
    while !connections[handle].output.isEmpty {
      let socket = connections[handle].socket
      guard reactor.readiness(socket).contains(.writable) else { return false }
      switch reactor.send(socket, connections[handle].output.bytes) {
      case .bytes(let count):
        connections[handle].output.consume(count)
        setDeadline(
          handle,
          connections[handle].output.isEmpty ? nil : options.limits.writeIdle
        )
      case .wouldBlock: return false
      case .endOfFile, .failed:
        abandon(handle)
        return false
      }
    }
    return true
  }

  mutating func finish(_ handle: Handle, _ afterwards: MockConnection.Afterwards) {
    if connections[handle].surplus > 0 {
      let junk = [UInt8](repeating: UInt8(ascii: "!"), count: connections[handle].surplus)
      connections[handle].surplus = 0
      guard write(handle, junk) else { return }
    }
    connections[handle].afterwards = afterwards
    connections[handle].phase = .flushing
    if connections[handle].output.isEmpty { didFlush(handle) }
  }

  /// The answer is with the kernel.
  mutating func didFlush(_ handle: Handle) {
    if connections[handle].stream?.isEnded == true {
      shared.counters.streamsFinished.increment()
    }
    connections[handle].stream = nil
    connections[handle].request = nil
    // Who is silent still works on it, for all that one can tell.
    if connections[handle].afterwards != .silence {
      releaseTurn(connections[handle].turn, of: handle)
      connections[handle].turn = .none
    }
    switch connections[handle].afterwards {
    case .reset: close(handle, isReset: true)
    case .silence:
      connections[handle].phase = .silent
      setDeadline(handle, nil)
      if isPeerGone(handle) { abandon(handle) }
    case .close:
      let isUnread = reactor.readiness(connections[handle].socket).contains(.readable)
      guard isUnread || !connections[handle].input.isEmpty else { return close(handle) }
      linger(handle)
    case .linger: linger(handle)
    case .nextRequest:
      let socket = connections[handle].socket
      connections[handle].phase = .readingHead
      setDeadline(handle, options.keepAliveTime)
      // What came meanwhile raises no further edge.
      if !connections[handle].input.isEmpty || reactor.readiness(socket).contains(.readable) {
        reactor.makeRunnable(socket)
      }
    }
  }

  /// Closes so that the answer isn't lost: a close with unread bytes sends a RST, which makes the
  /// peer's kernel drop what its program hasn't read yet.
  private mutating func linger(_ handle: Handle) {
    let socket = connections[handle].socket
    connections[handle].input.removeAll()
    connections[handle].phase = .lingering
    reactor.shutdownWriting(socket)
    setDeadline(handle, options.limits.lingering)
    drain(handle)
  }

  /// Throws away what a client still sends after its answer.
  mutating func drain(_ handle: Handle) {
    let socket = connections[handle].socket
    for _ in 0..<options.limits.readsPerTurn {
      guard reactor.readiness(socket).contains(.readable) else { return }
      switch reactor.receive(socket, into: scratch) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfFile, .failed: return close(handle)
      }
    }
    reactor.makeRunnable(socket)
  }
}
