import OAIRReactor
import OAIRSys

/// A kernel whose readiness, clock and results are written down by a test.
///
/// Nothing happens by itself: a wait returns what was scripted, and lets the time pass that it was
/// given.
struct ScriptedKernel: Kernel {
  /// What a test looks at and changes.
  let script = Script()

  final class Script {
    var now: UInt64 = 1_000_000_000
    /// What each look at the clock takes, in nanoseconds.
    var step: UInt64 = 0
    /// Events of the next wait.
    var events: [PollEvent] = []
    /// So many waits don't see them yet.
    var eventsAfterWaits = 0
    /// The timeouts that waits were called with.
    var timeouts: [Int32] = []
    /// Results of coming calls, first one first; what isn't scripted would block.
    var reads: [IOResult] = []
    var writes: [IOResult] = []
    var accepts: [AcceptResult] = []
    var connects: [ConnectResult] = []
    var connectError: Errno?
    /// What is watched, by descriptor.
    var watched: [Int32: (token: UInt64, interest: Interest)] = [:]
    /// Descriptors that were closed, in order, each time.
    var closed: [Int32] = []
    var resets: [Int32] = []
    var halfClosed: [Int32] = []
    var unacknowledged = 0
    var shutdownCount = 0
    /// Descriptors for reserves, the next one first; none: no descriptor is left.
    var reserves: [FileDescriptor] = []
    /// How many calls of those that can fail there were, and which one fails.
    var fallibleCalls = 0
    var failingCall = Int.max

    /// Counts a call.
    ///
    /// - Returns: true when it is the one that has to fail.
    func fails() -> Bool {
      fallibleCalls += 1
      return fallibleCalls == failingCall
    }

    /// The event that a descriptor's registration would get.
    func report(_ descriptor: Int32, _ readiness: Readiness) {
      guard let token = watched[descriptor]?.token else { return }
      events.append(PollEvent(token: token, readiness: readiness))
    }
  }

  private final class Batch { var events: [PollEvent] = [] }
  private let batch = Batch()

  func now() -> UInt64 {
    script.now += script.step
    return script.now
  }

  func openReserve() -> FileDescriptor? {
    script.reserves.isEmpty ? nil : script.reserves.removeFirst()
  }

  func wait(timeoutMilliseconds: Int32) -> Int {
    script.timeouts.append(timeoutMilliseconds)
    if script.eventsAfterWaits > 0 {
      script.eventsAfterWaits -= 1
      batch.events = []
    } else {
      batch.events = script.events
      script.events = []
    }
    if batch.events.isEmpty, timeoutMilliseconds > 0 {
      script.now += UInt64(timeoutMilliseconds) * 1_000_000
    }
    return batch.events.count
  }

  func event(_ index: Int) -> PollEvent { batch.events[index] }

  func watch(_ descriptor: FileDescriptor, token: UInt64, interest: Interest) throws(SystemError) {
    if script.fails() { throw SystemError("epoll_ctl", Errno(28)) }
    script.watched[descriptor.raw] = (token, interest)
  }

  func unwatch(_ descriptor: FileDescriptor) { script.watched[descriptor.raw] = nil }

  func accept(_ listener: FileDescriptor) -> AcceptResult {
    if script.fails() { return .exhausted(.tooManyOpenFiles) }
    return script.accepts.isEmpty ? .wouldBlock : script.accepts.removeFirst()
  }

  func connect(to address: SocketAddress) -> ConnectResult {
    if script.fails() { return .failed(.connectionRefused) }
    return script.connects.isEmpty ? .failed(.timedOut) : script.connects.removeFirst()
  }

  func connectError(_ descriptor: FileDescriptor) -> Errno? { script.connectError }

  func receive(
    _ descriptor: FileDescriptor,
    into memory: UnsafeMutableRawBufferPointer
  ) -> IOResult {
    script.reads.isEmpty ? .wouldBlock : script.reads.removeFirst()
  }

  func send(_ descriptor: FileDescriptor, _ bytes: UnsafeRawBufferPointer) -> IOResult {
    script.writes.isEmpty ? .wouldBlock : script.writes.removeFirst()
  }

  func send(
    _ descriptor: FileDescriptor,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    script.writes.isEmpty ? .wouldBlock : script.writes.removeFirst()
  }

  func unacknowledged(_ descriptor: FileDescriptor) -> Int { script.unacknowledged }

  func shutdownWriting(_ descriptor: FileDescriptor) { script.halfClosed.append(descriptor.raw) }

  func resetOnClose(_ descriptor: FileDescriptor) { script.resets.append(descriptor.raw) }

  func close(_ descriptor: FileDescriptor) {
    script.watched[descriptor.raw] = nil
    script.closed.append(descriptor.raw)
  }

  func shutdown() { script.shutdownCount += 1 }
}

extension Reactor where K == ScriptedKernel {
  /// One whole tick.
  ///
  /// - Returns: all its events, in order.
  mutating func tick(limit: UInt64? = nil) -> [ReactorEvent] {
    wait(limit: limit)
    var events: [ReactorEvent] = []
    while let event = nextEvent() { events.append(event) }
    endTick()
    return events
  }

  var script: ScriptedKernel.Script { kernel.script }

  /// Registers a descriptor by its number.
  mutating func add(
    _ descriptor: Int32,
    owner: UInt64 = 0,
    readiness: Readiness = []
  ) throws -> Handle {
    try register(FileDescriptor(descriptor), owner: owner, readiness: readiness)
  }
}
