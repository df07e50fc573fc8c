import OAIRSys

/// A client in the simulated network: one connection, some requests one after the other, sometimes
/// the next before the former is answered; sometimes slow, sometimes gone.
final class SimulatedClient: SocketHandler {
  private unowned let world: SimulatedWorld
  private let exchanges: [ExchangeRecord]
  private let pipelines: Bool
  private var socket: SimulatedSocket?
  private var current = 0
  private var reader: ResponseReader
  private var output: [UInt8] = []
  private var outputStart = 0
  private var queued = 0
  private var isPausing = false
  private var isSleeping = false
  private(set) var isDone = false
  private(set) var hasLeft = false
  /// It reads so slowly that the router may cut it.
  private let isSlow: Bool

  init(world: SimulatedWorld, exchanges: [ExchangeRecord]) {
    self.world = world
    self.exchanges = exchanges
    pipelines = world.network.random.chance(150)
    isSlow = world.network.random.chance(world.profile.clientFaults / 3)
    reader = ResponseReader(isHead: false)
  }

  func start() {
    guard let socket = world.connectClient() else {
      world.network.schedule(after: 5_000_000) { [weak self] in self?.start() }
      return
    }
    self.socket = socket
    socket.handler = self
    if world.network.random.chance(world.profile.clientFaults) {
      let time = UInt64(world.network.random.within(0...60_000)) * 1000
      world.network.schedule(after: time) { [weak self] in self?.leave() }
    }
    socketChanged(socket)
  }

  /// What it still waits for, once nothing happens any more.
  var unanswered: [Int] {
    isDone || hasLeft ? [] : exchanges.filter { !$0.isAnswered }.map(\.number)
  }

  private func leave() {
    guard let socket, !isDone else { return }
    hasLeft = true
    world.trace(
      "the client of request # leaves",
      exchanges[min(current, exchanges.count - 1)].number
    )
    if world.network.random.chance(500) { socket.abort() } else { socket.close() }
  }

  func socketChanged(_ socket: SimulatedSocket) {
    guard !socket.isClosed, !isDone, !hasLeft else { return }
    send()
    if !isSleeping { receive() }
  }

  // MARK: Requests

  private func send() {
    guard let socket, !isPausing else { return }
    let wanted = pipelines ? exchanges.count : min(current + 1, exchanges.count)
    while queued < wanted {
      output += exchanges[queued].wire
      queued += 1
    }
    while outputStart < output.count {
      let piece = min(world.network.random.within(1...4000), output.count - outputStart)
      let moved = output[outputStart..<(outputStart + piece)].withUnsafeBytes { socket.send($0) }
      guard case .bytes(let count) = moved else { return }
      outputStart += count
      if world.network.random.chance(200) {
        isPausing = true
        world.network.schedule(after: world.network.random.time(1...3000)) { [weak self] in
          guard let self, let socket = self.socket else { return }
          isPausing = false
          socketChanged(socket)
        }
        return
      }
    }
  }

  // MARK: Answers

  private func receive() {
    guard let socket else { return }
    withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 1) { memory in
      while !isDone, !isSleeping {
        let room = world.network.random.within(1...memory.count)
        switch socket.receive(into: .init(rebasing: memory[..<room])) {
        case .bytes(let count):
          reader.feed(UnsafeRawBufferPointer(rebasing: memory[..<count]))
          if isSlow, world.network.random.chance(100) { sleepAWhile() }
          settle()
        case .wouldBlock: return
        case .end: ended(isClean: true)
        case .failed: ended(isClean: false)
        }
      }
    }
  }

  private func sleepAWhile() {
    isSleeping = true
    world.network.schedule(after: world.network.random.time(1000...400_000)) { [weak self] in
      guard let self, let socket = self.socket else { return }
      isSleeping = false
      socketChanged(socket)
    }
  }

  private func settle() {
    if let fault = reader.fault { world.network.fail("a client can't read: \(fault)") }
    while reader.isComplete, current < exchanges.count {
      let exchange = exchanges[current]
      Oracle(world, exchange).judge(reader, isWhole: true)
      exchange.isAnswered = true
      current += 1
      let rest = reader.rest
      let closes = reader.head?.value("connection") == "close"
      reader = ResponseReader(isHead: false)
      if current == exchanges.count || closes {
        world.network.require(rest.isEmpty, "bytes behind the last answer")
        isDone = true
        socket?.close()
        return
      }
      reader.feed(rest)
    }
    send()
  }

  private func ended(isClean: Bool) {
    reader.connectionEnded(isClean: isClean)
    if reader.isComplete {
      settle()
      return
    }
    if reader.hasBytes, current < exchanges.count {
      Oracle(world, exchanges[current]).judge(reader, isWhole: false)
    } else if current < exchanges.count, !isSlow {
      judgeSilence(exchanges[current])
    }
    isDone = true
    socket?.close()
  }

  /// The connection ended without a byte of an answer: only an idle one may.
  private func judgeSilence(_ exchange: ExchangeRecord) {
    let wasSent = outputStart > 0 && queued > current
    world.network.require(
      !wasSent || world.profile.clientFaults > 0 || pipelines || world.isRough,
      "request \(exchange.number) was dropped without an answer"
    )
  }
}
