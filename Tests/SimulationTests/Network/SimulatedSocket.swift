import Glibc

/// Who holds the other end of the router's connections.
protocol SocketHandler: AnyObject {
  /// Bytes, an end, a reset, a connection or room to write: something came.
  func socketChanged(_ socket: SimulatedSocket)
  /// Only a RST can tell it that something is missing.
  var needsReset: Bool { get }
  /// The other end has lost the connection, by nobody's doing.
  func connectionBroke()
}

extension SocketHandler {
  var needsReset: Bool { false }
  func connectionBroke() {}
}

/// One end of a simulated TCP connection, with Linux's habits: an error is reported once and then
/// an end of file or EPIPE; closing with unread bytes sends a RST; data to a closed end is answered
/// by one.
final class SimulatedSocket {
  unowned let network: SimulatedNetwork
  /// Both ends of a connection have the same number; in traces.
  let number: Int
  let incoming: BytePipe
  var peer: SimulatedSocket?
  /// The router's end has a descriptor once it was accepted or is connecting.
  var descriptor: OpenDescriptor?
  weak var handler: (any SocketHandler)?

  /// Who is at the other end of the router's end.
  enum Side { case client, backend }

  let side: Side
  private(set) var isConnected: Bool
  private(set) var isReset = false
  private(set) var isClosed = false
  private(set) var finArrived = false
  private(set) var finSent = false
  private var pendingError: Int32 = 0
  private var resetsOnClose = false
  /// The sender ran out of room and wants to hear of it (SOCK_NOSPACE).
  private var wantsRoom = false
  /// Deliveries keep their order.
  private var lastDelivery: UInt64 = 0
  private let latency: ClosedRange<Int>

  init(
    network: SimulatedNetwork,
    number: Int,
    side: Side,
    isConnected: Bool,
    path: PathTraits
  ) {
    self.network = network
    self.number = number
    self.side = side
    self.isConnected = isConnected
    incoming = BytePipe(capacity: path.capacity)
    latency = path.latency
  }

  // MARK: What can be seen

  /// True when everything that came before the peer's FIN was read.
  var isAtEnd: Bool { finArrived && incoming.readable == 0 }

  /// Linux reports room only when a third of the buffer is free (sk_stream_is_writeable).
  var hasRoom: Bool {
    guard let pipe = peer?.incoming else { return true }
    return pipe.room * 3 >= pipe.capacity
  }

  /// True when so many bytes would go out at once.
  func hasRoom(for count: Int) -> Bool { (peer?.incoming.room ?? 0) >= count }

  /// Bytes that the peer hasn't read: with full buffers, what it reads is what its machine takes.
  var untaken: Int { peer.map { $0.incoming.readable + $0.incoming.inFlight } ?? 0 }

  /// Says that the sender waits for room; the next reading of the peer wakes it.
  func wantRoom() { wantsRoom = true }

  // MARK: Bytes

  enum Moved: Equatable { case bytes(Int), wouldBlock, end, failed(Int32) }

  func receive(into memory: UnsafeMutableRawBufferPointer) -> Moved {
    let count = incoming.receive(into: memory)
    if count > 0 {
      peer?.peerHasRead()
      return .bytes(count)
    }
    if let error = takeError() { return .failed(error) }
    if isReset || finArrived { return .end }
    return isConnected ? .wouldBlock : .failed(ENOTCONN)
  }

  func send(_ bytes: UnsafeRawBufferPointer) -> Moved {
    if let error = takeError() { return .failed(error) }
    if isReset || finSent || !isConnected { return .failed(EPIPE) }
    guard let peer else { return .failed(EPIPE) }
    if peer.isClosed {
      // It went out; the answer is a RST.
      network.schedule(after: network.random.time(latency)) { [self] in takeReset() }
      return .bytes(bytes.count)
    }
    let count = peer.incoming.send(bytes)
    if count < bytes.count { wantsRoom = true }
    guard count > 0 else { return .wouldBlock }
    deliver(count, to: peer)
    return .bytes(count)
  }

  private func deliver(_ count: Int, to peer: SimulatedSocket) {
    var rest = count
    while rest > 0 {
      let piece = network.random.chance(150) ? network.random.within(1...rest) : rest
      rest -= piece
      lastDelivery = max(lastDelivery, network.now + network.random.time(latency))
      network.schedule(at: lastDelivery) { peer.takeBytes(piece) }
    }
  }

  private func takeBytes(_ count: Int) {
    guard !isReset else { return }
    if isClosed {
      incoming.loseFlight()
      peer?.takeReset()
      return
    }
    incoming.arrive(count)
    changed()
  }

  private func peerHasRead() {
    guard wantsRoom, hasRoom, !isClosed else { return }
    wantsRoom = false
    network.schedule(after: network.random.time(0...20)) { [self] in changed() }
  }

  // MARK: Ends

  /// Sends a FIN behind what was sent.
  func shutdownWriting() {
    guard !finSent, !isReset, let peer else { return }
    finSent = true
    lastDelivery = max(lastDelivery, network.now + network.random.time(latency))
    network.schedule(at: lastDelivery) { peer.takeFin() }
    // With both directions shut the connection is at its end, which epoll reports (EPOLLHUP).
    if finArrived { changed() }
  }

  private func takeFin() {
    guard !isReset, !isClosed else { return }
    finArrived = true
    changed()
  }

  func resetOnClose() { resetsOnClose = true }

  /// close(2): a FIN, or a RST when bytes are unread or it was asked for.
  func close() {
    guard !isClosed else { return }
    if !isReset, isConnected {
      if resetsOnClose || incoming.readable > 0 { sendReset() } else { shutdownWriting() }
    }
    isClosed = true
    incoming.loseArrived()
    descriptor = nil
    handler = nil
  }

  /// Vanishes with a RST.
  func abort() {
    resetsOnClose = true
    close()
  }

  private func sendReset() {
    guard let peer else { return }
    // A RST may overtake what is on its way.
    let soon = network.now + network.random.time(latency)
    let time = network.random.chance(500) ? soon : max(soon, lastDelivery)
    network.schedule(at: time) { peer.takeReset() }
  }

  /// The peer's RST is here.
  ///
  /// Linux keeps what had arrived; other systems, and networks, don't.
  func takeReset(_ error: Int32 = ECONNRESET) {
    guard !isReset, !isClosed else { return }
    isReset = true
    pendingError = error
    incoming.loseFlight()
    if network.random.chance(500) { incoming.loseArrived() }
    peer?.incoming.loseFlight()
    changed()
  }

  private func takeError() -> Int32? {
    guard pendingError != 0 else { return nil }
    defer { pendingError = 0 }
    return pendingError
  }

  // MARK: Connecting

  /// The handshake is over.
  func becomeConnected() {
    guard !isClosed, !isReset else { return }
    isConnected = true
    changed()
  }

  /// SO_ERROR, which is cleared by looking.
  func connectError() -> Int32? { takeError() }

  /// The connection attempt fails.
  func failConnect(_ error: Int32) { takeReset(error) }

  /// Breaks the cycles with the other end and with the descriptor, once a run is over.
  func letGo() {
    peer = nil
    descriptor = nil
  }

  private func changed() {
    if let descriptor {
      network.wake(descriptor)
    } else if let handler {
      handler.socketChanged(self)
    }
  }
}

/// How bytes travel between two ends.
struct PathTraits {
  /// What is buffered in one direction, in bytes.
  var capacity: Int
  /// How long they are under way, in microseconds.
  var latency: ClosedRange<Int>
}
