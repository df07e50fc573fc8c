import Glibc
import OAIRSys

// A whole network on one thread: a clock, a timetable, the router's descriptors and its epoll
// instance, and the servers that it can reach. `SimulatedKernel` is the router's view of it; the
// actors (clients, backends) hold the other ends. Everything that happens, happens inside a call of
// the router's: time passes there, and with it come bytes, ends and resets.

/// The simulated world under the router.
final class SimulatedNetwork {
  /// The world's clock, in nanoseconds.
  private(set) var now: UInt64 = 1_000_000_000
  var random: SimulationRandom
  let trace: EventTrace
  let traits: NetworkTraits
  /// Breaks the rules on purpose; nil in an honest run.
  var saboteur: Saboteur?
  /// A call that fails.
  var fault: CallFault?
  /// What was broken so far, in words.
  private(set) var violations: [String] = []
  /// Nothing is planned any more, and the router waits for ever.
  private(set) var isExhausted = false
  /// What the last wait reported.
  private(set) var events: [PollEvent] = []
  /// How often the router waited.
  private(set) var ticks = 0
  /// Descriptors that were opened and closed by the router.
  private(set) var opened = 0
  private(set) var closed = 0

  private var timetable = Timetable()
  private var descriptors: [OpenDescriptor?] = []
  private var ready: [OpenDescriptor] = []
  private var servers: [SocketAddress: any SimulatedServer] = [:]
  private var sockets: [SimulatedSocket] = []
  /// Calls since the last wait: a tick that never ends is found out.
  private var callsInTick = 0
  /// Waits in a row in which nothing moved and no time passed to speak of.
  private var idleTicks = 0
  private var hasMoved = false
  private var lastWait: UInt64 = 0

  /// LIMIT: a tick with more calls doesn't end.
  private static let callsPerTick = 200_000
  /// LIMIT: more ticks in a row that do nothing are a busy loop.
  private static let idleTickLimit = 60

  init(random: SimulationRandom, traits: NetworkTraits, trace: EventTrace) {
    self.random = random
    self.traits = traits
    self.trace = trace
  }

  /// Breaks the cycles between sockets, and with descriptors that are still open.
  func tearDown() {
    for socket in sockets { socket.letGo() }
    timetable = Timetable()
  }

  // MARK: Judgement

  func fail(_ text: String) {
    trace.note(now, "VIOLATION", text: text)
    if violations.count < 8 { violations.append(text) }
  }

  func require(_ isRight: Bool, _ text: @autoclosure () -> String) {
    if !isRight { fail(text()) }
  }

  // MARK: Time

  func schedule(after delay: UInt64, _ action: @escaping () -> Void) {
    timetable.plan(at: now + delay, action)
  }

  func schedule(at time: UInt64, _ action: @escaping () -> Void) {
    timetable.plan(at: max(now, time), action)
  }

  /// A system call takes a moment, in which the world goes on.
  func enter() {
    callsInTick += 1
    if callsInTick > Self.callsPerTick {
      trace.lines().forEach { EventTrace.write($0 + "\n") }
      fatalError("the tick doesn't end")
    }
    now += UInt64(300 + random.noise(below: 4000))
    runDue()
  }

  private func runDue() {
    while let action = timetable.take(dueAt: now) { action() }
  }

  /// The world goes on without the router, until nothing is planned any more.
  func runOut() {
    while timetable.next != .max {
      now = max(now, timetable.next)
      runDue()
    }
  }

  // MARK: epoll

  func wait(_ timeoutMilliseconds: Int32) -> Int {
    noteTick()
    let timeout = UInt64(max(0, timeoutMilliseconds)) * 1_000_000
    let deadline = timeoutMilliseconds < 0 ? UInt64.max : now + timeout
    now += UInt64(200 + random.noise(below: 2000))
    runDue()
    wakeSpuriously()
    while true {
      if collectEvents() { return events.count }
      let next = timetable.next
      if next > deadline || next == .max {
        if deadline == .max { isExhausted = true } else { now = max(now, deadline) }
        return 0
      }
      now = max(now, next)
      runDue()
    }
  }

  private func noteTick() {
    ticks += 1
    callsInTick = 0
    let isIdle = !hasMoved && now - lastWait < 500_000
    idleTicks = isIdle ? idleTicks + 1 : 0
    if idleTicks == Self.idleTickLimit { fail("busy loop: \(idleTicks) ticks without work") }
    hasMoved = false
    lastWait = now
  }

  /// A waiter may be woken for something that was dealt with already.
  private func wakeSpuriously() {
    guard traits.spuriousWakeUps > 0, random.chance(traits.spuriousWakeUps), !descriptors.isEmpty
    else { return }
    guard let any = descriptors[random.below(descriptors.count)], case .socket = any.kind else {
      return
    }
    wake(any)
    // Not the router's doing: a tape may choose this at every turn.
    idleTicks = max(0, idleTicks - 1)
  }

  private func collectEvents() -> Bool {
    events.removeAll(keepingCapacity: true)
    var candidates = ready
    for case let descriptor? in descriptors {
      if case .listener = descriptor.kind, descriptor.token != nil { candidates.append(descriptor) }
    }
    if candidates.count > 1 { candidates.shuffle(using: &random) }
    let bound = random.within(1...traits.eventsPerWait)
    ready.removeAll(keepingCapacity: true)
    for descriptor in candidates {
      guard let token = descriptor.token else { continue }
      if events.count == bound {
        if descriptor.isQueued { ready.append(descriptor) }
        continue
      }
      descriptor.isQueued = false
      let readiness = descriptor.readiness
      guard !readiness.isEmpty else { continue }
      events.append(PollEvent(token: token, readiness: readiness))
      trace.note(now, "event fd # readiness #", Int(descriptor.number), Int(readiness.rawValue))
    }
    return !events.isEmpty
  }

  /// Something changed at a watched descriptor: an edge.
  func wake(_ descriptor: OpenDescriptor) {
    guard descriptor.token != nil, !descriptor.isQueued else { return }
    if case .listener = descriptor.kind { return }
    descriptor.isQueued = true
    ready.append(descriptor)
  }

  func watch(_ number: Int32, token: UInt64, interest: Interest) throws(SystemError) {
    guard let descriptor = open(number, "epoll_ctl ADD") else { return }
    require(descriptor.token == nil, "fd \(number) is watched twice")
    // Not the listener's first time: without it there is nothing to simulate.
    if opened > 1, random.chance(traits.exhaustion / 4) {
      throw SystemError("epoll_ctl", Errno(ENOSPC))
    }
    descriptor.token = token
    if !descriptor.readiness.isEmpty { wake(descriptor) }
  }

  func unwatch(_ number: Int32) {
    guard let descriptor = open(number, "epoll_ctl DEL") else { return }
    require(descriptor.token != nil, "fd \(number) is unwatched twice")
    descriptor.token = nil
    forget(descriptor)
  }

  private func forget(_ descriptor: OpenDescriptor) {
    guard descriptor.isQueued else { return }
    descriptor.isQueued = false
    ready.removeAll { $0 === descriptor }
  }

  // MARK: Descriptors

  /// The lowest free number, as Linux gives it out: a stale number soon means somebody else.
  private func give(_ kind: OpenDescriptor.Kind) -> OpenDescriptor {
    let free = descriptors.firstIndex { $0 == nil } ?? descriptors.count
    if free == descriptors.count { descriptors.append(nil) }
    let descriptor = OpenDescriptor(number: Int32(free) + 3, kind: kind)
    descriptors[free] = descriptor
    opened += 1
    return descriptor
  }

  private func open(_ number: Int32, _ call: StaticString) -> OpenDescriptor? {
    let index = Int(number) - 3
    if descriptors.indices.contains(index), let descriptor = descriptors[index] {
      return descriptor
    }
    fail("\(call) on fd \(number), which isn't open")
    return nil
  }

  func socket(_ number: Int32, _ call: StaticString) -> SimulatedSocket? {
    guard let descriptor = open(number, call) else { return nil }
    if case .socket(let socket) = descriptor.kind { return socket }
    fail("\(call) on a listener")
    return nil
  }

  var openCount: Int { descriptors.count { $0 != nil } }

  private var isExhaustedNow: Bool {
    openCount >= traits.descriptorLimit || random.chance(traits.exhaustion)
  }

  func close(_ number: Int32) {
    guard let descriptor = open(number, "close") else { return }
    trace.note(now, "close fd #", Int(number))
    hasMoved = true
    closed += 1
    forget(descriptor)
    descriptors[Int(number) - 3] = nil
    switch descriptor.kind {
    case .socket(let socket): socket.close()
    case .listener(let listener):
      listener.isClosed = true
      for waiting in listener.backlog { waiting.abort() }
      listener.backlog = []
    }
  }

  // MARK: Connections

  func listen() -> (FileDescriptor, SimulatedListener) {
    let listener = SimulatedListener()
    let descriptor = give(.listener(listener))
    return (FileDescriptor(descriptor.number), listener)
  }

  func serve(_ server: any SimulatedServer, at address: SocketAddress) {
    servers[address] = server
  }

  private func makePair(_ path: PathTraits, _ side: SimulatedSocket.Side, isConnected: Bool)
    -> (router: SimulatedSocket, other: SimulatedSocket)
  {
    let number = sockets.count / 2
    let router = SimulatedSocket(
      network: self,
      number: number,
      side: side,
      isConnected: isConnected,
      path: path
    )
    let other = SimulatedSocket(
      network: self,
      number: number,
      side: side,
      isConnected: isConnected,
      path: path
    )
    router.peer = other
    other.peer = router
    sockets.append(router)
    sockets.append(other)
    return (router, other)
  }

  /// A client connects: its connection stands as soon as it is in the backlog.
  ///
  /// - Returns: nil when nobody listens.
  func connectClient(to listener: SimulatedListener, _ path: PathTraits) -> SimulatedSocket? {
    guard !listener.isClosed, listener.backlog.count < SimulatedListener.capacity else {
      return nil
    }
    let (router, client) = makePair(path, .client, isConnected: true)
    listener.backlog.append(router)
    return client
  }

  func accept(_ number: Int32) -> AcceptResult {
    guard let descriptor = open(number, "accept4") else { return .wouldBlock }
    guard case .listener(let listener) = descriptor.kind else {
      fail("accept4 on a connection")
      return .wouldBlock
    }
    guard !listener.backlog.isEmpty else { return .wouldBlock }
    guard !isExhaustedNow else { return .exhausted(.tooManyOpenFiles) }
    let socket = listener.backlog.removeFirst()
    hasMoved = true
    if random.chance(traits.exhaustion / 4) {
      socket.abort()
      return .aborted
    }
    let accepted = give(.socket(socket))
    socket.descriptor = accepted
    trace.note(now, "accept: fd # is connection #", Int(accepted.number), socket.number)
    return .accepted(
      FileDescriptor(accepted.number),
      .ipv4(0x0a00_0001, port: UInt16(socket.number % 60000))
    )
  }

  func connect(to address: SocketAddress) -> ConnectResult {
    hasMoved = true
    guard !isExhaustedNow else { return .failed(.tooManyOpenFiles) }
    guard let server = servers[address] else { return .failed(.connectionRefused) }
    let fate = server.connectionFate()
    if case .refusedAtOnce = fate { return .failed(.connectionRefused) }
    let (router, other) = makePair(server.path, .backend, isConnected: false)
    let descriptor = give(.socket(router))
    router.descriptor = descriptor
    trace.note(
      now,
      "connect: fd # is connection #",
      Int(descriptor.number),
      router.number,
      text: "to \(address)"
    )
    switch fate {
    case .atOnce:
      establish(router, other, server)
      return .connected(FileDescriptor(descriptor.number))
    case .after(let micro):
      schedule(after: UInt64(micro) * 1000) { [self] in establish(router, other, server) }
    case .refusedAfter(let micro):
      schedule(after: UInt64(micro) * 1000) { router.failConnect(ECONNREFUSED) }
    case .refusedAtOnce, .silence: break
    }
    return .inProgress(FileDescriptor(descriptor.number))
  }

  private func establish(
    _ router: SimulatedSocket,
    _ other: SimulatedSocket,
    _ server: any SimulatedServer
  ) {
    // Whoever gave up before the handshake was over leaves nothing behind.
    guard !router.isClosed else { return }
    other.becomeConnected()
    router.becomeConnected()
    server.accept(other)
  }

  // MARK: Faults

  /// Why a call fails that would not have; nil for nearly all.
  func failure(of call: FallibleCall) -> Int32? {
    guard let fault, fault.meets(call) else { return nil }
    trace.note(now, "FAULT #", Int(fault.code))
    return fault.code
  }

  /// Why a call on a connection fails, which is lost with it.
  ///
  /// One whose other end has gone is left alone: nobody could write down what was lost.
  func failure(of call: FallibleCall, on socket: SimulatedSocket) -> Int32? {
    guard let handler = socket.peer?.handler, let code = failure(of: call) else { return nil }
    handler.connectionBroke()
    socket.takeReset(code)
    return code
  }

  // MARK: Notes

  func noteMoved(_ what: StaticString, _ number: Int32, _ moved: SimulatedSocket.Moved) {
    switch moved {
    case .bytes(let count):
      hasMoved = true
      trace.note(now, what, Int(number), count)
    case .wouldBlock: trace.note(now, what, Int(number), -1)
    case .end:
      hasMoved = true
      trace.note(now, what, Int(number), 0)
    case .failed(let code):
      hasMoved = true
      trace.note(now, what, Int(number), -Int(code))
    }
  }

  func noteShutdown(_ number: Int32) { trace.note(now, "shutdown fd #", Int(number)) }
}

/// How the world of a run behaves.
struct NetworkTraits {
  /// Events that one wait reports at most.
  var eventsPerWait = 8
  /// Waits in a thousand that report something that is dealt with already.
  var spuriousWakeUps = 0
  /// Calls in a thousand that find no descriptor left.
  var exhaustion = 0
  /// Descriptors that the router may have open at one time.
  var descriptorLimit = 4096
}
