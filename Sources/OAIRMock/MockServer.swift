import OAIRHTTP1
import OAIRReactor
import OAIRSys
import Synchronization

// The fake backend's loop. Owns its reactor, connections and engine; runs on the backend's own
// thread from start to stop. What other threads see of it goes through `MockShared`.

/// What the backend's thread shares with whoever holds the backend.
final class MockShared: Sendable {
  let counters = MockCounters()
  let dice: FaultDice
  let record: RequestRecord

  init(_ options: MockOptions) {
    dice = FaultDice(options.fault, seed: options.seed)
    record = RequestRecord(capacity: max(options.recordedRequests, 0))
  }
}

struct MockServer: ~Copyable {
  /// Not a handle's bits: no slab has that many slots.
  static let listenerOwner = UInt64.max
  static let controlOwner = UInt64.max - 1
  /// Of the timers that open the port and end the server.
  static let lifeOwner = UInt64.max - 2
  /// LIMIT: connections accepted before others get their turn.
  static let acceptsPerTurn = 64
  /// How long accepting pauses when descriptors have run out, in nanoseconds.
  static let acceptPause: UInt64 = 100_000_000
  /// LIMIT: bytes of one read.
  static let readSize = 64 * 1024

  let options: MockOptions
  let shared: MockShared
  let control: Mailbox<MockOrder>
  let http = HTTP1Limits()
  /// Where it listens, also while its port is closed.
  let address: SocketAddress
  var readyAt: UInt64
  var engine: MockEngine
  var reactor: Reactor<LinuxKernel>
  var connections: Slab<MockConnection>
  var table: HeadTable
  var listener = Handle.none
  /// Keeps the port while it is closed.
  var bound: BoundSocket?
  /// When the closed port is opened; `.max`: never.
  var opensAt = UInt64.max
  var slots: SlotQueue
  /// When each model that was asked for is in memory.
  var loads: [String: UInt64] = [:]
  // SAFETY: allocated in init, freed in deinit, used by one read at a time.
  let scratch: UnsafeMutableRawBufferPointer
  /// The event and the chunk that are being written; kept for their memory.
  var event: [UInt8] = []
  var frame: [UInt8] = []
  var heldBytes = 0
  private var accepted = 0
  var isStopping = false
  /// It was asked to end, and waits for its clients.
  var isEnding = false

  /// Makes a loop that nothing is connected to.
  ///
  /// - Parameter address: where it listens.
  init(
    _ kernel: LinuxKernel,
    at address: SocketAddress,
    _ options: MockOptions,
    _ shared: MockShared,
    _ control: Mailbox<MockOrder>
  ) {
    self.options = options
    self.shared = shared
    self.control = control
    reactor = Reactor(kernel: kernel, capacity: options.limits.connections + 2)
    self.address = address
    slots = SlotQueue(capacity: options.slots ?? .max)
    readyAt = reactor.now &+ options.loadTime.nanoseconds
    engine = MockEngine(options)
    connections = Slab(capacity: options.limits.connections)
    table = HeadTable(capacity: http.fields)
    scratch = .allocate(byteCount: Self.readSize, alignment: 16)
  }

  deinit { scratch.deallocate() }

  /// Turns until `control` says stop.
  mutating func run() {
    while !isStopping, !(isEnding && connections.count == 0) {
      reactor.wait()
      while let event = reactor.nextEvent() { handle(event) }
      reactor.endTick()
      keepPort()
    }
    shared.counters.openConnections.store(0, ordering: .releasing)
  }

  private mutating func handle(_ event: ReactorEvent) {
    switch event {
    case .ready(_, owner: Self.listenerOwner, _): acceptWaiting()
    case .ready(_, owner: Self.controlOwner, _): control.take().map { obey($0) }
    case .ready(_, let owner, let readiness): becameReady(Handle(bits: owner), readiness)
    case .deadline(_, let owner): deadlinePassed(Handle(bits: owner))
    case .timer(owner: Self.listenerOwner): resumeAccepting()
    case .timer(owner: Self.lifeOwner): lifeTimerFired()
    case .timer(let owner): timerFired(Handle(bits: owner))
    }
  }

  // MARK: - Connections

  private mutating func acceptWaiting() {
    for _ in 0..<Self.acceptsPerTurn {
      switch reactor.accept(listener) {
      case .accepted(let descriptor, _): admit(descriptor)
      case .aborted: continue
      case .wouldBlock: return
      case .exhausted:
        reactor.pauseSource(listener)
        reactor.addTimer(at: reactor.now &+ Self.acceptPause, owner: Self.listenerOwner)
        return
      }
    }
  }

  private mutating func resumeAccepting() {
    guard listener != .none else { return }
    do {
      try reactor.resumeSource(listener)
    } catch {
      reactor.addTimer(at: reactor.now &+ Self.acceptPause, owner: Self.listenerOwner)
    }
  }

  private mutating func admit(_ descriptor: FileDescriptor) {
    guard !connections.isFull, !reactor.isFull else {
      shared.counters.refusedConnections.increment()
      return reactor.closeUnregistered(descriptor)
    }
    accepted += 1
    let handle = connections.insert(MockConnection(number: accepted))
    do {
      connections[handle].socket = try reactor.register(descriptor, owner: handle.bits)
    } catch {
      _ = connections.remove(handle)
      shared.counters.refusedConnections.increment()
      return reactor.closeUnregistered(descriptor)
    }
    shared.counters.acceptedConnections.increment()
    shared.counters.openConnections.increment()
    setDeadline(handle, options.keepAliveTime)
  }

  mutating func close(_ handle: Handle, isReset: Bool = false) {
    let connection = connections.remove(handle)
    releaseTurn(connection.turn, of: handle)
    heldBytes -= connection.request?.body.count ?? 0
    reactor.beginClose(connection.socket, reset: isReset)
    shared.counters.openConnections.decrement()
  }

  /// The client left before its answer was complete.
  mutating func abandon(_ handle: Handle) {
    shared.counters.clientAborts.increment()
    close(handle)
  }

  mutating func setDeadline(_ handle: Handle, _ time: Duration?) {
    let deadline = time.map { reactor.now &+ $0.nanoseconds } ?? .max
    reactor.setDeadline(connections[handle].socket, at: deadline)
  }

  mutating func wake(_ handle: Handle, at time: UInt64) {
    guard connections[handle].wakeAt != time else { return }
    connections[handle].wakeAt = time
    reactor.addTimer(at: time, owner: handle.bits)
  }

  // MARK: - Events

  private mutating func becameReady(_ handle: Handle, _ readiness: Readiness) {
    guard connections.contains(handle) else { return }
    switch connections[handle].phase {
    case .readingHead, .readingBody:
      guard flush(handle) else { return }
      advance(handle)
      readInput(handle)
    case .waiting, .silent:
      if isPeerGone(handle) { abandon(handle) }
    case .streaming:
      if isPeerGone(handle) { return abandon(handle) }
      if flush(handle) { pump(handle) }
    case .flushing:
      if isPeerGone(handle) { return abandon(handle) }
      if flush(handle) { didFlush(handle) }
    case .lingering: drain(handle)
    }
  }

  private mutating func timerFired(_ handle: Handle) {
    guard connections.contains(handle), connections[handle].wakeAt <= reactor.now else { return }
    connections[handle].wakeAt = .max
    switch connections[handle].phase {
    case .waiting: beginAnswer(handle)
    case .streaming: pump(handle)
    case .readingHead, .readingBody, .flushing, .silent, .lingering: break
    }
  }

  private mutating func deadlinePassed(_ handle: Handle) {
    guard connections.contains(handle) else { return }
    switch connections[handle].phase {
    // A keep-alive that has run out, a request that stands still, a client that doesn't stop.
    case .readingHead, .readingBody, .lingering: close(handle)
    case .streaming, .flushing: abandon(handle)
    case .waiting, .silent: break
    }
  }

  /// Whether nobody is there any more to answer to.
  ///
  /// A stream may go on to a client that has only shut down its writing side, if the personality
  /// says so; an answer in one piece and a silence may not.
  func isPeerGone(_ handle: Handle) -> Bool {
    let readiness = reactor.readiness(connections[handle].socket)
    if readiness.contains(.failed) { return true }
    guard readiness.contains(.peerClosed) else { return false }
    switch connections[handle].phase {
    case .streaming, .flushing: return !options.personality.toleratesHalfClose
    case .waiting, .silent: return true
    case .readingHead, .readingBody, .lingering: return false
    }
  }
}
