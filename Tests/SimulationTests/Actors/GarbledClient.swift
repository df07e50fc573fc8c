import OAIRSys

/// A client whose one request was garbled: sends it, reads whatever comes, and leaves once there is
/// an answer.
///
/// What it gets must be readable, and there must be something.
final class GarbledClient: SocketHandler {
  private unowned let world: SimulatedWorld
  private let exchange: ExchangeRecord
  private let strict: [StrictRequest]
  private var socket: SimulatedSocket?
  private var reader: ResponseReader
  private var answers = 0
  private var sent = 0
  private var isPausing = false
  private var isDone = false

  init(world: SimulatedWorld, exchange: ExchangeRecord) {
    self.world = world
    self.exchange = exchange
    strict = exchange.strictRequests ?? []
    reader = ResponseReader(isHead: strict.first?.method == "HEAD")
  }

  /// It still waits for something.
  var isWaiting: Bool { !isDone && socket != nil }

  func start() {
    guard !world.listener.isClosed, let socket = world.connectClient() else { return }
    self.socket = socket
    socket.handler = self
    socketChanged(socket)
  }

  func socketChanged(_ socket: SimulatedSocket) {
    guard !socket.isClosed, !isDone else { return }
    send(socket)
    receive(socket)
  }

  private func send(_ socket: SimulatedSocket) {
    while !isPausing, sent < exchange.wire.count {
      let piece = min(world.network.random.within(1...4000), exchange.wire.count - sent)
      let moved = exchange.wire[sent..<(sent + piece)].withUnsafeBytes { socket.send($0) }
      guard case .bytes(let count) = moved else { return }
      sent += count
      guard world.network.random.chance(200) else { continue }
      isPausing = true
      world.network.schedule(after: world.network.random.time(1...3000)) { [weak self] in
        guard let self, let socket = self.socket else { return }
        isPausing = false
        socketChanged(socket)
      }
    }
  }

  private func receive(_ socket: SimulatedSocket) {
    withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 1) { memory in
      while !isDone {
        switch socket.receive(into: memory) {
        case .bytes(let count):
          reader.feed(UnsafeRawBufferPointer(rebasing: memory[..<count]))
          takeAnswers(socket)
        case .wouldBlock: return
        case .end: ended(socket, isClean: !socket.isReset)
        case .failed: ended(socket, isClean: false)
        }
      }
    }
  }

  private func takeAnswers(_ socket: SimulatedSocket) {
    if let fault = reader.fault { world.network.fail("a garbling client can't read: \(fault)") }
    while reader.isComplete, !isDone {
      judge(isWhole: true)
      let rest = reader.rest
      answers += 1
      reader = ResponseReader(isHead: strict.count > answers && strict[answers].method == "HEAD")
      reader.feed(rest)
      // Whoever has sent all, and has an answer, may leave; what is left over gets its own.
      if rest.isEmpty, sent == exchange.wire.count { leave(socket) }
    }
  }

  private func ended(_ socket: SimulatedSocket, isClean: Bool) {
    reader.connectionEnded(isClean: isClean)
    if reader.isComplete {
      takeAnswers(socket)
    } else if reader.hasBytes {
      judge(isWhole: false)
    } else if answers == 0, !strict.isEmpty, isClean, !isExcused {
      world.network.fail("garbled request \(exchange.number) was dropped without an answer")
    }
    leave(socket)
  }

  /// A RST may have destroyed the answer, accepting may have failed, or the router is ending.
  private var isExcused: Bool {
    world.mayLoseTail || world.isDraining || world.profile.network.exhaustion > 0
  }

  private func leave(_ socket: SimulatedSocket) {
    isDone = true
    socket.close()
  }

  private func judge(isWhole: Bool) {
    guard reader.head != nil else { return }
    let isFirst = answers == 0 && strict.count == 1
    GarbledOracle(world, exchange).judge(reader, isWhole: isWhole, isOnly: isFirst)
  }
}
