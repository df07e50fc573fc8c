import OAIRSys

/// A fake inference server in the simulated network: reads requests, checks them against what the
/// client sent, and answers as the seed says, with the faults that the seed says.
final class SimulatedBackend: SimulatedServer {
  let name: String
  unowned let world: SimulatedWorld
  private var connections: [BackendConnection] = []

  init(name: String, world: SimulatedWorld) {
    self.name = name
    self.world = world
  }

  var path: PathTraits { world.path() }

  func connectionFate() -> ConnectionFate {
    let latency = world.network.random.within(1...300)
    guard world.network.random.chance(world.profile.connectFaults) else {
      return world.network.random.chance(100) ? .atOnce : .after(latency)
    }
    return world.network.random.pick([.refusedAtOnce, .refusedAfter(latency), .silence])
  }

  func accept(_ socket: SimulatedSocket) {
    let connection = BackendConnection(socket, self)
    connections.append(connection)
    connection.socketChanged(socket)
  }
}

/// One connection of the router's to a backend.
final class BackendConnection: SocketHandler {
  private let socket: SimulatedSocket
  private unowned let backend: SimulatedBackend
  private var input: [UInt8] = []
  private var attempt: AttemptRecord?
  private var served = 0
  private var isPausing = false

  init(_ socket: SimulatedSocket, _ backend: SimulatedBackend) {
    self.socket = socket
    self.backend = backend
    socket.handler = self
  }

  private var world: SimulatedWorld { backend.world }

  func socketChanged(_ socket: SimulatedSocket) {
    guard !socket.isClosed else { return }
    read()
    if socket.isReset || socket.isAtEnd {
      socket.close()
      return
    }
    if attempt == nil { takeRequest() }
    write()
    // The next request may have come before the last pause of the former answer was over.
    guard attempt == nil, !input.isEmpty, !socket.isClosed else { return }
    takeRequest()
    write()
  }

  private func read() {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { memory in
      while case .bytes(let count) = socket.receive(into: memory) {
        input += memory[..<count]
      }
    }
  }

  private func takeRequest() {
    guard let head = ReadHead(input, from: 0) else { return }
    guard let length = head.value("content-length").flatMap({ Int($0) }) else {
      world.network.fail("a request without Content-Length reached \(backend.name)")
      socket.close()
      return
    }
    guard input.count >= head.length + length else { return }
    let body = Array(input[head.length..<(head.length + length)])
    input.removeFirst(head.length + length)
    world.network.require(input.isEmpty, "the router pipelines towards \(backend.name)")
    let exchange = world.exchange(head.value("x-request-id") ?? "")
    check(head, body, exchange)
    guard let exchange else { return }
    let attempt = AttemptRecord(isReused: served > 0)
    served += 1
    world.script(attempt, exchange, by: backend.name)
    exchange.attempts.append(attempt)
    self.attempt = attempt
    world.trace("request # reaches a backend", exchange.number)
  }

  private func check(_ head: ReadHead, _ body: [UInt8], _ exchange: ExchangeRecord?) {
    guard let exchange else {
      world.network.fail("a request of nobody reached \(backend.name): \(head.firstLine)")
      return
    }
    world.network.require(!exchange.isLocal, "a local request reached \(backend.name)")
    world.network.require(body == exchange.body, "request \(exchange.number): the body changed")
    for name in ["connection", "keep-alive", "transfer-encoding", "te", "expect", "malformed"] {
      world.network.require(head.value(name) == nil, "\(name) was forwarded")
    }
    world.network.require(
      head.firstLine == "POST /v1/chat/completions HTTP/1.1",
      "request line \(head.firstLine)"
    )
    for name in ["host", "via", "x-forwarded-for", "content-length"] {
      world.network.require(head.values(name).count == 1, "\(name) isn't there once")
    }
  }

  private func write() {
    guard let attempt, !isPausing else { return }
    let end = attempt.cutsAt ?? attempt.wire.count
    while attempt.written < end {
      let piece = min(world.network.random.within(1...2000), end - attempt.written)
      let moved = attempt.wire[attempt.written..<(attempt.written + piece)].withUnsafeBytes {
        socket.send($0)
      }
      guard case .bytes(let count) = moved else { return }
      attempt.written += count
      if world.network.random.chance(300) {
        pause(world.network.random.within(1...20_000))
        return
      }
    }
    finish(attempt)
  }

  private func pause(_ microseconds: Int) {
    isPausing = true
    world.network.schedule(after: UInt64(microseconds) * 1000) { [weak self] in
      guard let self else { return }
      isPausing = false
      socketChanged(socket)
    }
  }

  private func finish(_ attempt: AttemptRecord) {
    self.attempt = nil
    guard attempt.cutsAt == nil else {
      switch attempt.fault {
      case .reset: socket.abort()
      case .close, .none: socket.close()
      case .silence: self.attempt = attempt
      }
      return
    }
    if attempt.isCloseDelimited {
      socket.close()
    } else if world.network.random.chance(world.profile.isCalm ? 0 : 100) {
      // As engines do, without announcement.
      let idle = UInt64(world.network.random.within(0...1500)) * 1_000_000
      world.network.schedule(after: idle) { [weak self] in
        guard let self, self.attempt == nil, input.isEmpty else { return }
        socket.close()
      }
    }
  }
}
