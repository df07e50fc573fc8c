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
  /// It closes once it has so many answers, whatever else it has asked for.
  private let leavesAfter: Int?

  init(world: SimulatedWorld, exchanges: [ExchangeRecord]) {
    self.world = world
    self.exchanges = exchanges
    pipelines = world.network.random.chance(150)
    isSlow = world.network.random.chance(world.profile.clientFaults / 3)
    leavesAfter =
      pipelines && exchanges.count > 1 && world.network.random.chance(300)
      ? world.network.random.within(1...(exchanges.count - 1)) : nil
    reader = ResponseReader(isHead: exchanges[0].isHead)
  }

  func start() {
    if world.listener.isClosed {
      world.network.require(world.isDraining, "the listener is closed")
      world.counts.refused += 1
      isDone = true
      return
    }
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

  func connectionBroke() { leave() }

  var needsReset: Bool {
    // (Whatever a pipelining client has sent behind it makes the kernel send a RST.)
    guard reader.framing == .untilClose, !hasLeft, !pipelines, current < exchanges.count,
      let attempt = exchanges[current].attempts.last
    else { return false }
    // Any end of this one may be its backend's regular one.
    return attempt.isWatched || attempt.fault != .close
  }

  /// What it still waits for, once nothing happens any more.
  var unanswered: [Int] {
    isDone || hasLeft ? [] : exchanges.filter { !$0.isAnswered }.map(\.number)
  }

  private func leave() {
    guard let socket, !isDone else { return }
    hasLeft = true
    for exchange in exchanges { exchange.isAbandoned = true }
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
      exchanges[queued].beganAt = world.network.now
      output += exchanges[queued].wire
      queued += 1
    }
    while outputStart < output.count {
      let piece = min(world.network.random.within(1...4000), output.count - outputStart)
      let moved = output[outputStart..<(outputStart + piece)].withUnsafeBytes { socket.send($0) }
      guard case .bytes(let count) = moved else { return }
      outputStart += count
      if outputStart == output.count { exchanges[queued - 1].sentAt = world.network.now }
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
      while !isDone, !hasLeft, !isSleeping {
        let room = world.network.random.within(1...memory.count)
        switch socket.receive(into: .init(rebasing: memory[..<room])) {
        case .bytes(let count):
          reader.feed(UnsafeRawBufferPointer(rebasing: memory[..<count]))
          if isSlow, world.network.random.chance(100) { sleepAWhile() }
          settle()
        case .wouldBlock: return
        // Sending may have met the RST first, which is told once.
        case .end: ended(isClean: !socket.isReset)
        case .failed: ended(isClean: false)
        }
      }
    }
  }

  private func sleepAWhile() {
    isSleeping = true
    // Longer than the router waits, now and then.
    let time = world.network.random.chance(100) ? 1_000_000...6_000_000 : 1000...400_000
    world.network.schedule(after: world.network.random.time(time)) { [weak self] in
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
      let status = reader.status
      world.network.require(
        closes || !exchange.isHTTP10,
        "an HTTP/1.0 client isn't told that its connection ends"
      )
      if current == leavesAfter, !closes {
        world.counts.leftBatches += 1
        leave()
        return
      }
      reader = ResponseReader(isHead: current < exchanges.count && exchanges[current].isHead)
      if current == exchanges.count || closes {
        world.network.require(
          rest.isEmpty,
          "bytes behind the last answer, \(status) to request \(exchange.number): "
            + String(decoding: rest.prefix(800), as: UTF8.self)
        )
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
      exchanges[current].isBeforeReset = !isClean && current + 1 < queued
      Oracle(world, exchanges[current]).judge(reader, isWhole: false)
    } else if current < exchanges.count, !isSlow {
      judgeSilence(exchanges[current], isClean: isClean)
    }
    isDone = true
    socket?.close()
  }

  /// The connection ended without a byte of an answer: only one that carried no request may, or
  /// one whose answer had nothing but its end to tell.
  private func judgeSilence(_ exchange: ExchangeRecord, isClean: Bool) {
    guard outputStart > 0, queued > current else { return }
    // A RST destroys what is on its way.
    if !isClean || world.mayLoseTail { return }
    // Accepting fails now and then, in a world without descriptors.
    if world.profile.network.exhaustion > 0, current == 0 { return }
    // Within the time for an idle connection's end, and for the way there, it is nobody's fault.
    if let drain = world.drainBegan {
      // A connection takes no further request then, not even one that is there.
      guard current == 0, let sentAt = exchange.sentAt, sentAt + 50_000_000 <= drain else { return }
    }
    if current > 0, world.network.now - exchange.beganAt < 50_000_000 { return }
    world.network.fail("request \(exchange.number) was dropped without an answer")
  }
}
