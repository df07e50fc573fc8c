import OAIRHTTP1
import OAIRReactor
import OAIRSys

// The admin thread: a reactor of its own, with the admin listener, its connections, and nothing
// else. Requests go to tasks, answers come back through the inbox: whoever makes an answer may
// wait for the registry, and a client that sends nonsense here delays neither traffic nor probes.

/// Reads requests, hands them out, writes their answers; each of it bounded and with a deadline.
struct AdminLoop: ~Copyable {
  private static let inboxOwner: UInt64 = 0
  private static let listenerOwner: UInt64 = 1

  private let inbox: AdminInbox
  private let key: @Sendable () -> AdminKey?
  private let executor: (any TaskExecutor)?
  private let answer: AdminServer.Handler
  private var reactor: Reactor<LinuxKernel>
  private var listener = Handle.none
  private var isListenerPaused = false
  private var connections: [UInt64: AdminConnection] = [:]
  private var lastOwner = AdminLoop.listenerOwner
  private var lastRequest: UInt64 = 0
  private var owners: [UInt64: UInt64] = [:]
  private var table = HeadTable(capacity: HTTP1Limits().fields)
  private var isStopping = false
  // SAFETY: allocated in init, freed in deinit, used on the loop's thread only.
  private let scratch: UnsafeMutableRawBufferPointer

  /// Makes a loop that nobody can reach yet.
  init(
    _ kernel: LinuxKernel,
    key: @escaping @Sendable () -> AdminKey?,
    inbox: AdminInbox,
    executor: (any TaskExecutor)?,
    answer: @escaping AdminServer.Handler
  ) {
    self.inbox = inbox
    self.key = key
    self.executor = executor
    self.answer = answer
    // One accepted connection may be there before another one is closed.
    reactor = Reactor(kernel: kernel, capacity: AdminLimits.connections + 4)
    scratch = .allocate(byteCount: AdminLimits.readBuffer, alignment: 16)
  }

  /// Takes the listener over.
  ///
  /// - Throws: `SystemError` when epoll has no room; the listener is closed then.
  mutating func listen(_ listening: consuming ListeningSocket) throws(SystemError) {
    let descriptor = listening.release()
    do throws(SystemError) {
      listener = try reactor.registerSource(descriptor, owner: Self.listenerOwner)
    } catch {
      reactor.closeUnregistered(descriptor)
      throw error
    }
    _ = try reactor.registerBorrowed(inbox.descriptor, owner: Self.inboxOwner)
  }

  deinit { scratch.deallocate() }

  /// Serves until it is told to stop and what was at work is answered, or has taken too long.
  mutating func run() {
    var end = UInt64.max
    while !isStopping || (!connections.isEmpty && reactor.now < end) {
      reactor.wait(limit: end == .max ? nil : end &- min(reactor.now, end))
      while let event = reactor.nextEvent() { handle(event) }
      reactor.endTick()
      if isStopping, end == .max { end = reactor.now &+ AdminLimits.stop.nanoseconds }
    }
  }

  private mutating func handle(_ event: ReactorEvent) {
    switch event {
    case .ready(_, Self.inboxOwner, _): takeMessages()
    case .ready(_, Self.listenerOwner, _): acceptConnections()
    case .ready(_, let owner, _): advance(owner)
    case .deadline(_, let owner): deadlinePassed(owner)
    case .timer: resumeListener()
    }
  }

  // MARK: - What other threads say

  private mutating func takeMessages() {
    for message in inbox.take() {
      switch message {
      case .stop: beginStop()
      case .answer(let response, let request):
        guard let owner = owners.removeValue(forKey: request), let connection = connections[owner],
          connection.phase == .answering, connection.request == request
        else { continue }
        send(owner, connection, response, closes: !connection.keepsAlive)
      }
    }
  }

  private mutating func beginStop() {
    guard !isStopping else { return }
    isStopping = true
    reactor.beginCloseSource(listener, isPaused: isListenerPaused)
    for (owner, connection) in connections {
      switch connection.phase {
      // Whoever has begun a request, or was let in and hasn't had one, is on the way.
      case .reading where connection.hasBegun || connection.request == 0: break
      case .reading, .lingering: close(owner)
      case .answering, .writing: break
      }
    }
  }

  // MARK: - Connections

  private mutating func acceptConnections() {
    // Those that made room keep their places until the tick ends; the listener tells again.
    guard !isStopping, !isListenerPaused, !reactor.isFull else { return }
    // Somebody waits, or the listener wouldn't have told.
    guard connections.count < AdminLimits.connections || makeRoom() else { return pauseListener() }
    while connections.count < AdminLimits.connections, !reactor.isFull {
      switch reactor.accept(listener) {
      case .accepted(let descriptor, _): admit(descriptor)
      case .aborted: continue
      case .wouldBlock: return
      case .exhausted: return pauseListener()
      }
    }
  }

  /// Closes the connection that has waited longest for a request, if it has waited for long.
  private mutating func makeRoom() -> Bool {
    let waiting = connections.filter { $0.value.phase == .reading }
    guard let oldest = waiting.min(by: { $0.value.idleSince < $1.value.idleSince }),
      reactor.now &- oldest.value.idleSince >= AdminLimits.patience.nanoseconds
    else { return false }
    close(oldest.key)
    return true
  }

  private mutating func pauseListener() {
    reactor.pauseSource(listener)
    isListenerPaused = true
    reactor.addTimer(at: reactor.now &+ AdminLimits.acceptPause.nanoseconds, owner: 0)
  }

  private mutating func resumeListener() {
    guard isListenerPaused, !isStopping else { return }
    do throws(SystemError) {
      try reactor.resumeSource(listener)
      isListenerPaused = false
    } catch {
      reactor.addTimer(at: reactor.now &+ AdminLimits.acceptPause.nanoseconds, owner: 0)
    }
  }

  private mutating func admit(_ descriptor: FileDescriptor) {
    lastOwner += 1
    do throws(SystemError) {
      let socket = try reactor.register(descriptor, owner: lastOwner)
      connections[lastOwner] = AdminConnection(socket, now: reactor.now)
      setDeadline(socket, AdminLimits.idle)
    } catch {
      reactor.closeUnregistered(descriptor)
    }
  }

  private mutating func close(_ owner: UInt64) {
    guard let connection = connections.removeValue(forKey: owner) else { return }
    owners[connection.request] = nil
    reactor.beginClose(connection.socket)
  }

  private mutating func setDeadline(_ socket: Handle, _ time: Duration) {
    reactor.setDeadline(socket, at: reactor.now &+ time.nanoseconds)
  }

  private mutating func advance(_ owner: UInt64) {
    guard let connection = connections[owner] else { return }
    switch connection.phase {
    case .reading: read(owner, connection)
    case .answering: break
    case .writing: flush(owner, connection)
    case .lingering: drop(owner, connection)
    }
  }

  private mutating func deadlinePassed(_ owner: UInt64) {
    guard let connection = connections[owner] else { return }
    switch connection.phase {
    case .reading where connection.hasBegun:
      let seconds = AdminLimits.request.components.seconds
      refuse(
        owner,
        connection,
        .error(408, "request_timeout", "The request didn't come whole within \(seconds) s.")
      )
    case .answering:
      let seconds = AdminLimits.answer.components.seconds
      send(
        owner,
        connection,
        .error(504, "admin_timeout", "No answer could be made within \(seconds) s."),
        closes: true
      )
    case .reading, .writing, .lingering: close(owner)
    }
  }

  // MARK: - Reading

  private mutating func read(_ owner: UInt64, _ connection: AdminConnection) {
    for _ in 0..<AdminLimits.readsPerTurn {
      guard reactor.readiness(connection.socket).contains(.readable) else { return }
      switch reactor.receive(connection.socket, into: scratch) {
      case .bytes(let count):
        connection.reader.receive(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        guard readOn(owner, connection) else { return }
      case .wouldBlock: return
      case .endOfFile, .failed: return close(owner)
      }
    }
    reactor.makeRunnable(connection.socket)
  }

  /// - Returns: true when more may be read.
  private mutating func readOn(_ owner: UInt64, _ connection: AdminConnection) -> Bool {
    if !connection.hasBegun, !connection.reader.isIdle {
      connection.hasBegun = true
      setDeadline(connection.socket, AdminLimits.request)
    }
    connection.reader.key = key()
    switch connection.reader.next(&table) {
    case .more(let owesContinue):
      guard owesContinue else { return true }
      connection.output.append(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      return sendSome(connection) != nil
    case .request(let request, let keepsAlive):
      connection.keepsAlive = keepsAlive && !isStopping
      handOut(owner, connection, request)
      return false
    case .refused(let response):
      refuse(owner, connection, response)
      return false
    }
  }

  private mutating func handOut(
    _ owner: UInt64,
    _ connection: AdminConnection,
    _ request: AdminRequest
  ) {
    lastRequest += 1
    let number = lastRequest
    connection.phase = .answering
    connection.request = number
    connection.isHead = request.method == "HEAD"
    owners[number] = owner
    setDeadline(connection.socket, AdminLimits.answer)
    // No priority: only root's threads can be raised, and Dispatch writes a line where that fails.
    Task.detached(executorPreference: executor) { [inbox, answer] in
      inbox.post(.answer(await answer(request), to: number))
    }
  }

  private mutating func refuse(
    _ owner: UInt64,
    _ connection: AdminConnection,
    _ response: AdminResponse
  ) {
    connection.isHead = false
    send(owner, connection, response, closes: true, afterwards: .linger)
  }

  /// What a refused client still sends, so that no RST destroys the answer on its way.
  private mutating func drop(_ owner: UInt64, _ connection: AdminConnection) {
    for _ in 0..<AdminLimits.readsPerTurn {
      guard reactor.readiness(connection.socket).contains(.readable) else { return }
      switch reactor.receive(connection.socket, into: scratch) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfFile, .failed: return close(owner)
      }
    }
    reactor.makeRunnable(connection.socket)
  }

  // MARK: - Writing

  private mutating func send(
    _ owner: UInt64,
    _ connection: AdminConnection,
    _ response: AdminResponse,
    closes: Bool,
    afterwards: AdminConnection.Afterwards = .close
  ) {
    connection.phase = .writing
    let closes = closes || isStopping
    connection.afterwards = closes ? afterwards : .nextRequest
    connection.output.append(response.bytes(isClosing: closes, isHead: connection.isHead))
    setDeadline(connection.socket, AdminLimits.write)
    flush(owner, connection)
  }

  /// - Returns: whether all is out; nil when the client is gone.
  private mutating func sendSome(_ connection: AdminConnection) -> Bool? {
    while !connection.output.isEmpty {
      switch reactor.send(connection.socket, connection.output.bytes) {
      case .bytes(let count): connection.output.consume(count)
      case .wouldBlock: return false
      case .endOfFile, .failed: return nil
      }
    }
    return true
  }

  private mutating func flush(_ owner: UInt64, _ connection: AdminConnection) {
    switch sendSome(connection) {
    case nil: close(owner)
    case false?: break
    case true?: didFlush(owner, connection)
    }
  }

  private mutating func didFlush(_ owner: UInt64, _ connection: AdminConnection) {
    switch connection.afterwards {
    case .close: close(owner)
    case .linger:
      connection.phase = .lingering
      reactor.shutdownWriting(connection.socket)
      setDeadline(connection.socket, AdminLimits.linger)
      drop(owner, connection)
    case .nextRequest:
      connection.phase = .reading
      connection.hasBegun = false
      connection.idleSince = reactor.now
      setDeadline(connection.socket, AdminLimits.idle)
      // What was read already raises no edge, and neither does what is readable.
      if connection.reader.isIdle || readOn(owner, connection) { read(owner, connection) }
    }
  }
}

extension Duration {
  /// Whole nanoseconds of a limit.
  var nanoseconds: UInt64 {
    UInt64(components.seconds) * 1_000_000_000 + UInt64(components.attoseconds / 1_000_000_000)
  }
}
