public import OAIRSys

// The loop. A reactor owns descriptors, their readiness, deadlines and timers, on one thread. It
// calls nobody: its owner pulls events, so that the owner can be a plain struct without callbacks,
// reference counts or locks.
//
//        ┌──────────────── one tick ────────────────────────────────────────────┐
//        │ wait()           epoll_wait, one clock read                            │
//        │ nextEvent() …    kernel events, the runnable list, timers, deadlines   │
//        │ endTick()        descriptors whose close has begun are closed          │
//        └─────────────────────────────────────────────────────────────────────┘
//
// Connections are watched for edges, once: an edge sets a bit in the registration, and a read or a
// write that comes up short clears it. Whoever leaves a readable connection unread (paused, over
// its budget) must call `makeRunnable` or `postpone` to get another turn: no new edge will come.

/// An epoll loop that is pulled, not subclassed.
///
/// Not thread-safe: one thread uses it.
public struct Reactor<K: Kernel>: ~Copyable {
  /// The kernel underneath.
  public let kernel: K
  /// The time of this tick, in nanoseconds of `Kernel.now()`; read once per tick.
  @inlinable
  public var now: UInt64 { tick.now }

  // What each event needs is inlinable, so that a data plane has it made for its own kernel: code
  // for any kernel costs several times as much.
  @usableFromInline var registrations: Slab<Registration>
  @usableFromInline var closing: [Handle] = []
  @usableFromInline var runnable: [Handle] = []
  @usableFromInline var turn: [Handle] = []
  @usableFromInline var postponed = HandleQueue()
  @usableFromInline var eventCount = 0
  @usableFromInline var eventIndex = 0
  @usableFromInline var deadlines = DeadlineSweep()
  @usableFromInline var timers = TimerHeap()
  /// A descriptor that is good for nothing but to be closed; see `keepReserve()`.
  @usableFromInline var reserve: FileDescriptor?
  var isReserveWanted = false
  /// How many ticks there have been.
  @inlinable
  public var tickCount: UInt64 { tick.count }
  /// How long the tick before this one has worked, in nanoseconds, as far as a clock was read: 0
  /// when nothing was to be waited for.
  @inlinable
  public var lastTurn: UInt64 { tick.lastTurn }
  @usableFromInline var tick: ReactorTick
  /// How long it polls before it sleeps, in nanoseconds; see `Reactor+Spin.swift`.
  public var spin: UInt64 = 0
  /// What came of polling.
  public internal(set) var spins = SpinCounts()
  private let inPlace = InPlace()

  /// Makes an idle reactor.
  ///
  /// - Parameters:
  ///   - kernel: the real one, or a simulated one.
  ///   - capacity: how many descriptors it can hold, 1 or more.
  public init(kernel: K, capacity: Int) {
    self.kernel = kernel
    registrations = Slab(capacity: capacity)
    tick = ReactorTick(now: kernel.now())
  }

  deinit {
    for slot in 0..<registrations.touched {
      guard let handle = registrations.occupant(ofSlot: slot) else { continue }
      release(registrations[handle])
    }
    if let reserve { kernel.close(reserve) }
    kernel.shutdown()
  }

  /// How many descriptors are registered.
  @inlinable
  public var count: Int { registrations.count }
  /// True when no descriptor can be added.
  @inlinable
  public var isFull: Bool { registrations.isFull }

  // MARK: One tick

  /// Waits until something is ready or due, then reads the clock.
  ///
  /// - Parameter limit: the longest wait in nanoseconds; nil waits for events only.
  @inlinable
  public mutating func wait(limit: UInt64? = nil) {
    tick.count &+= 1
    tick.lastTurn = 0
    let timeout = waitTime(limit: limit)
    if spin > 0, timeout != 0 {
      eventCount = spinOrSleep(timeout, limit: limit, isActive: eventCount > 0)
    } else {
      eventCount = kernel.wait(timeoutMilliseconds: timeout)
    }
    eventIndex = 0
    let woken = kernel.now()
    // Whoever doesn't wait works on: the wait is part of the turn.
    if timeout == 0, tick.lastTurn == 0 { tick.lastTurn = woken &- now }
    tick.now = woken
    if !runnable.isEmpty { beginTurns() }
    if deadlines.isDue(now) { collectDueDeadlines() }
  }

  /// Those that were made runnable since the last tick have their turn in this one.
  @usableFromInline
  mutating func beginTurns() {
    swap(&turn, &runnable)
    for handle in turn where registrations.contains(handle) {
      registrations[handle].isRunnable = false
    }
  }

  /// The next thing to act on in this tick, nil when the tick has no more.
  @inlinable
  public mutating func nextEvent() -> ReactorEvent? {
    while eventIndex < eventCount {
      let event = kernel.event(eventIndex)
      eventIndex &+= 1
      let handle = Handle(bits: event.token)
      // A stale generation: closed earlier in this batch or before. Never somebody else's event.
      guard registrations.contains(handle),
        let ready = registrations[handle].note(event.readiness, of: handle)
      else { continue }
      return ready
    }
    while let handle = turn.popLast() {
      guard registrations.contains(handle), let ready = registrations[handle].ready(handle) else {
        continue
      }
      return ready
    }
    guard hasDue else { return nil }
    return nextDue()
  }

  /// Deadlines or timers of this tick are left.
  @inlinable
  var hasDue: Bool { !deadlines.due.isEmpty || timers.next <= now }

  @usableFromInline
  mutating func nextDue() -> ReactorEvent? {
    while let handle = deadlines.due.popLast() {
      guard isDeadlinePassed(handle) else { continue }
      registrations[handle].deadline = .max
      return .deadline(handle, owner: registrations[handle].owner)
    }
    return timers.pop(dueAt: now).map { .timer(owner: $0) }
  }

  /// Closes what is to be closed.
  ///
  /// Only here do descriptor numbers and slots become free again, so that nothing within a tick can
  /// mean another connection than it did at its start.
  @inlinable
  public mutating func endTick() {
    if !closing.isEmpty { releaseClosing() }
    if reserve == nil { renewReserve() }
  }

  @inlinable
  mutating func releaseClosing() {
    while let handle = closing.popLast() {
      release(registrations.remove(handle))
    }
  }

  @inlinable
  func release(_ registration: Registration) {
    let descriptor = registration.transport.descriptor
    if registration.isBorrowed { kernel.unwatch(descriptor) } else { kernel.close(descriptor) }
  }

  /// When something is due, `.max` when nothing is.
  @inlinable
  func dueTime(limit: UInt64?) -> UInt64 {
    let due = min(deadlines.next, timers.next)
    guard let limit else { return due }
    let (end, isOverflowed) = now.addingReportingOverflow(limit)
    return min(due, isOverflowed ? .max - 1 : end)
  }

  @inlinable
  mutating func waitTime(limit: UInt64?) -> Int32 {
    guard runnable.isEmpty, postponed.isEmpty else { return 0 }
    let until = dueTime(limit: limit)
    guard until != .max else { return -1 }
    let current = kernel.now()
    tick.lastTurn = current &- now
    guard until > current else { return 0 }
    // Rounded up: waking a little late is right, waking early would spin.
    let milliseconds = (until - current + 999_999) / 1_000_000
    return Int32(truncatingIfNeeded: min(milliseconds, UInt64(Int32.max)))
  }

  /// Gives memory back once a peak is over; see `Slab.releasePages`.
  public mutating func releasePages() -> Bool { registrations.releasePages() }

  // MARK: Descriptors

  /// Watches a connected socket and takes ownership of it.
  ///
  /// - Parameters:
  ///   - descriptor: non-blocking; on a throw it still belongs to the caller.
  ///   - owner: comes back in its events.
  ///   - readiness: what is known already, for example `.writable` on a fresh connection.
  /// - Throws: `SystemError` when epoll can't take another.
  public mutating func register(
    _ descriptor: FileDescriptor,
    owner: UInt64,
    readiness: Readiness = []
  ) throws(SystemError) -> Handle {
    try register(descriptor, owner: owner, readiness: readiness, interest: .connectionEdges)
  }

  /// Watches a listener, an eventfd or a signalfd (level-triggered) and takes ownership of it.
  ///
  /// - Throws: `SystemError` when epoll can't take another.
  public mutating func registerSource(
    _ descriptor: FileDescriptor,
    owner: UInt64
  ) throws(SystemError) -> Handle {
    try register(descriptor, owner: owner, readiness: [], interest: .readableLevel)
  }

  /// Watches a listener, which other reactors may watch too: a connection wakes one of them, not
  /// all.
  ///
  /// - Throws: `SystemError` when epoll can't take another.
  public mutating func registerListener(
    _ descriptor: FileDescriptor,
    owner: UInt64
  ) throws(SystemError) -> Handle {
    let handle = try register(descriptor, owner: owner, readiness: [], interest: .acceptable)
    registrations[handle].isListener = true
    return handle
  }

  /// Watches a descriptor that somebody else owns, such as a mailbox's, and never closes it.
  ///
  /// - Throws: `SystemError` when epoll can't take another.
  public mutating func registerBorrowed(
    _ descriptor: FileDescriptor,
    owner: UInt64
  ) throws(SystemError) -> Handle {
    let handle = try registerSource(descriptor, owner: owner)
    registrations[handle].isBorrowed = true
    return handle
  }

  private mutating func register(
    _ descriptor: FileDescriptor,
    owner: UInt64,
    readiness: Readiness,
    interest: Interest
  ) throws(SystemError) -> Handle {
    precondition(!isFull, "the owner checks isFull before it takes a descriptor")
    var registration = Registration(transport: .plain(descriptor), owner: owner)
    registration.readiness = readiness
    let handle = registrations.insert(registration)
    do {
      try kernel.watch(descriptor, token: handle.bits, interest: interest)
    } catch {
      _ = registrations.remove(handle)
      throw error
    }
    return handle
  }

  /// True while the handle names an open registration.
  @inlinable
  public func isOpen(_ handle: Handle) -> Bool {
    registrations.contains(handle) && !registrations[handle].isClosing
  }

  /// First step of a close: from here on nothing is delivered for the handle.
  ///
  /// The descriptor is closed by `endTick()`.
  ///
  /// - Parameter reset: the peer gets a RST, so that it can't take what it has for whole.
  @inlinable
  public mutating func beginClose(_ handle: Handle, reset: Bool = false) {
    precondition(isOpen(handle), "closed twice")
    registrations[handle].isClosing = true
    if reset { kernel.resetOnClose(registrations[handle].transport.descriptor) }
    closing.append(handle)
  }

  /// Begins the closing of a source (a listener).
  ///
  /// It is taken from the poller first: closing does that only when no other process or duplicate
  /// has the same socket open (epoll(7)), and else the loop would be woken for it without end.
  ///
  /// - Parameter isPaused: `pauseSource` has done so.
  public mutating func beginCloseSource(_ handle: Handle, isPaused: Bool) {
    if !isPaused { pauseSource(handle) }
    beginClose(handle)
  }

  /// Stops a source (a listener) from waking the loop; `resumeSource` starts it again.
  public mutating func pauseSource(_ handle: Handle) {
    kernel.unwatch(registrations[handle].transport.descriptor)
  }

  /// Undoes `pauseSource`.
  ///
  /// - Throws: `SystemError` when epoll can't take it.
  public mutating func resumeSource(_ handle: Handle) throws(SystemError) {
    try kernel.watch(
      registrations[handle].transport.descriptor,
      token: handle.bits,
      interest: registrations[handle].isListener ? .acceptable : .readableLevel
    )
  }

  /// Gives the connection a turn in the next tick, which then doesn't block.
  @inlinable
  public mutating func makeRunnable(_ handle: Handle) {
    guard !registrations[handle].isRunnable else { return }
    registrations[handle].isRunnable = true
    runnable.append(handle)
  }

  // MARK: Bytes

  /// Everything known to be ready.
  @inlinable
  public func readiness(_ handle: Handle) -> Readiness { registrations[handle].readiness }

  /// Reads what is there, and keeps the books of readiness.
  @inlinable
  public mutating func receive(
    _ handle: Handle,
    into memory: UnsafeMutableRawBufferPointer
  ) -> IOResult {
    registrations[handle].receive(kernel, into: memory)
  }

  /// Writes what fits, and keeps the books of readiness.
  @inlinable
  public mutating func send(_ handle: Handle, _ bytes: UnsafeRawBufferPointer) -> IOResult {
    registrations[handle].send(kernel, bytes)
  }

  /// Writes what fits of two pieces, in one system call.
  @inlinable
  public mutating func send(
    _ handle: Handle,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    registrations[handle].send(kernel, first, second)
  }

  /// Bytes that were sent and that the peer's machine hasn't taken yet.
  public func unacknowledged(_ handle: Handle) -> Int {
    kernel.unacknowledged(registrations[handle].transport.descriptor)
  }

  /// Sends a FIN behind what was written.
  public mutating func shutdownWriting(_ handle: Handle) {
    kernel.shutdownWriting(registrations[handle].transport.descriptor)
  }

  // MARK: Connections out and in

  /// Starts a connection.
  ///
  /// - Returns: a handle whose first readiness tells the outcome (`connectError`).
  /// - Throws: `SystemError` when it fails at once; nothing is left open.
  public mutating func connect(
    to address: SocketAddress,
    owner: UInt64
  ) throws(SystemError) -> Handle {
    guard !isFull else { throw SystemError("connect", .tooManyOpenFiles) }
    switch kernel.connect(to: address) {
    case .connected(let descriptor):
      return try registerOrClose(descriptor, owner: owner, readiness: .writable)
    case .inProgress(let descriptor):
      return try registerOrClose(descriptor, owner: owner, readiness: [])
    case .failed(let error):
      throw SystemError("connect", error)
    }
  }

  private mutating func registerOrClose(
    _ descriptor: FileDescriptor,
    owner: UInt64,
    readiness: Readiness
  ) throws(SystemError) -> Handle {
    do {
      return try register(descriptor, owner: owner, readiness: readiness)
    } catch {
      kernel.close(descriptor)
      throw error
    }
  }

  /// The outcome of a connect, once its handle is ready: nil when it is established.
  public func connectError(_ handle: Handle) -> Errno? {
    kernel.connectError(registrations[handle].transport.descriptor)
  }

  /// Takes one waiting connection of a listener.
  ///
  /// The caller owns the descriptor that comes with `.accepted` until it registers or closes it.
  public func accept(_ listener: Handle) -> AcceptResult {
    kernel.accept(registrations[listener].transport.descriptor)
  }

  /// Closes a descriptor that was accepted and not registered.
  public func closeUnregistered(_ descriptor: FileDescriptor) { kernel.close(descriptor) }
}
