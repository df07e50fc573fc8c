import OAIRProxy
import OAIRSys

/// A fake inference server in the simulated network: reads requests, checks them against what the
/// client sent, and answers as the seed says, with the faults that the seed says.
final class SimulatedBackend: SimulatedServer {
  /// Which server of the run; its address hangs on it.
  let number: Int
  unowned let world: SimulatedWorld
  private var connections: [BackendConnection] = []
  private var isStopped = false

  init(number: Int, world: SimulatedWorld) {
    self.number = number
    self.world = world
  }

  var name: String { "server \(number)" }

  var path: PathTraits { world.path() }

  /// The server's process ends: its connections are reset or closed, its port refuses.
  func stop() {
    isStopped = true
    for connection in connections { connection.end(resets: world.network.random.chance(500)) }
  }

  /// Requests that it has got and not answered yet, and that anybody still waits for.
  var working: Int { connections.count { $0.isWorking } }

  func connectionFate() -> ConnectionFate {
    guard !isStopped else { return .refusedAtOnce }
    let latency = world.network.random.within(1...300)
    guard world.network.random.chance(world.profile.connectFaults) else {
      return world.network.random.chance(100) ? .atOnce : .after(latency)
    }
    return world.network.random.pick([.refusedAtOnce, .refusedAfter(latency), .silence])
  }

  func accept(_ socket: SimulatedSocket) {
    guard !isStopped else {
      socket.abort()
      return
    }
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
  /// When the first byte of `input` came.
  private var inputBeganAt: UInt64 = 0
  private var attempt: AttemptRecord?
  private var latest: AttemptRecord?
  /// Whose attempt the latest is.
  private var exchange: ExchangeRecord?
  private var served = 0
  private var isPausing = false
  /// When bytes that belong to no answer went out.
  private var spoiledAt: UInt64?

  init(_ socket: SimulatedSocket, _ backend: SimulatedBackend) {
    self.socket = socket
    self.backend = backend
    socket.handler = self
  }

  private var world: SimulatedWorld { backend.world }

  /// It has a request whose client still waits, as far as that client knows.
  var isWorking: Bool { attempt != nil && !socket.isClosed && exchange?.isAbandoned == false }

  /// Its server is gone: whatever was under way is cut here.
  func end(resets: Bool) {
    guard !socket.isClosed else { return }
    // A RST also destroys what is still on its way of an answer that went out whole.
    if let cut = attempt ?? (resets ? latest : nil) {
      cut.cutsAt = min(cut.cutsAt ?? .max, cut.written)
      cut.fault = resets ? .reset : .close
    }
    attempt = nil
    if resets { socket.abort() } else { socket.close() }
  }

  func connectionBroke() { end(resets: true) }

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
        if input.isEmpty { inputBeganAt = world.network.now }
        input += memory[..<count]
      }
    }
  }

  private func takeRequest() {
    guard let head = ReadHead(input, from: 0) else { return }
    let body: [UInt8]
    switch RequestBody(head, input) {
    case .unframed:
      world.network.fail("a request without a body's length reached \(backend.name)")
      socket.close()
      return
    case .incomplete: return
    case .whole(let bytes, let end):
      body = bytes
      input.removeFirst(end)
    }
    world.network.require(input.isEmpty, "the router pipelines towards \(backend.name)")
    let honest = world.exchange(head.value("x-request-id") ?? "")
    let exchange = honest ?? world.garbledExchange(head, body)
    check(head, body, exchange)
    guard let exchange else { return }
    world.network.require(
      honest == nil || world.served(exchange.model, by: backend.number, since: exchange.beganAt),
      "request \(exchange.number) for m\(exchange.model) went to \(backend.name)"
    )
    if let spoiledAt {
      // A long request may have been on its way already.
      let isKnown = inputBeganAt > spoiledAt + world.roundTrip
      world.network.require(!isKnown, "a connection with excess bytes was used again")
      exchange.isSpoiled = true
    }
    let attempt = AttemptRecord(server: backend.number, isReused: served > 0)
    served += 1
    world.script(attempt, exchange, by: backend.number)
    exchange.attempts.append(attempt)
    self.attempt = attempt
    latest = attempt
    self.exchange = exchange
    world.judgeLoad(of: backend)
    world.trace("request # reaches a backend", exchange.number)
  }

  private func check(_ head: ReadHead, _ body: [UInt8], _ exchange: ExchangeRecord?) {
    guard let exchange else {
      world.network.fail("a request of nobody reached \(backend.name): \(head.firstLine)")
      return
    }
    if exchange.strictRequests == nil { checkHonest(head, body, exchange) }
    for name in ["connection", "keep-alive", "te", "expect", "malformed"] {
      world.network.require(head.value(name) == nil, "\(name) was forwarded")
    }
    let isHeld = body.count <= world.profile.options.limits.replay
    world.network.require(
      !isHeld || head.value("transfer-encoding") == nil,
      "a body that was held went out in chunks"
    )
    for name in ["host", "via", "x-forwarded-for"] {
      world.network.require(head.values(name).count == 1, "\(name) isn't there once")
    }
  }

  private func checkHonest(_ head: ReadHead, _ body: [UInt8], _ exchange: ExchangeRecord) {
    world.network.require(!exchange.isLocal, "a local request reached \(backend.name)")
    world.network.require(body == exchange.body, "request \(exchange.number): the body changed")
    world.network.require(
      head.firstLine == "POST /v1/chat/completions HTTP/1.1",
      "request line \(head.firstLine)"
    )
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
    if attempt.wire.count > attempt.wholeAt { spoiledAt = world.network.now }
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
