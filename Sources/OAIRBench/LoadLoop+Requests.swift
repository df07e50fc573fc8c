import Glibc
import OAIRReactor
import OAIRSys
import OAIRWire

// The sending half: connections, requests, and what becomes of those that fail.

extension LoadLoop {
  /// Begins a request; a connection is made if there is none.
  ///
  /// - Parameter due: when it was to begin: what its times count from.
  mutating func request(_ user: Handle, due: UInt64) {
    serial &+= 1
    inFlight += 1
    users[user].phase = .busy
    users[user].due = due
    users[user].isMeasured = isInSample(due)
    users[user].serial = serial
    users[user].template = Int(serial % UInt64(requests.count))
    users[user].sent = 0
    users[user].isSent = false
    users[user].part = .head
    users[user].firstEvent = 0
    users[user].lastEvent = 0
    users[user].seenEvents = 0
    if workload.isStreaming { users[user].observer = EventObserver(family: family) }
    users[user].stamps = StampScanner()
    guard users[user].socket != .none else { return connect(user) }
    armTimeout(user)
    if users[user].isConnected { sendRequest(user) }
  }

  private mutating func armTimeout(_ user: Handle) {
    reactor.setDeadline(users[user].socket, at: users[user].due &+ timeout)
  }

  // MARK: - Connections

  mutating func connect(_ user: Handle) {
    if users[user].hadConnection { tally.reconnects += 1 }
    users[user].hadConnection = true
    users[user].served = 0
    users[user].isConnected = false
    users[user].isKeepAlive = true
    users[user].held.removeAll()
    guard let socket = openSocket(user) else { return connectFailed(user) }
    users[user].socket = socket
    let isBusy = users[user].phase == .busy
    reactor.setDeadline(users[user].socket, at: (isBusy ? users[user].due : reactor.now) &+ timeout)
  }

  private mutating func openSocket(_ user: Handle) -> Handle? {
    guard !reactor.isFull else { return nil }
    let opened: FileDescriptor
    var readiness: Readiness = []
    switch reactor.kernel.connect(to: target.address) {
    case .connected(let descriptor):
      opened = descriptor
      readiness = .writable
    case .inProgress(let descriptor): opened = descriptor
    case .failed: return nil
    }
    if users[user].isSlow { Self.boundWindow(opened) }
    do {
      let socket = try reactor.register(opened, owner: user.bits, readiness: readiness)
      // What is there at once raises no edge.
      if !readiness.isEmpty { reactor.makeRunnable(socket) }
      return socket
    } catch {
      reactor.closeUnregistered(opened)
      return nil
    }
  }

  private mutating func connectFailed(_ user: Handle) {
    drop(user)
    guard users[user].phase == .busy else { return }
    count(user, .connect)
    inFlight -= 1
    users[user].phase = .pausing
    reactor.addTimer(at: reactor.now &+ BenchLimits.connectPause, owner: user.bits)
  }

  private mutating func didConnect(_ user: Handle) {
    users[user].isConnected = true
    if users[user].phase == .busy { sendRequest(user) }
  }

  /// Closes a user's connection, if there is one.
  mutating func drop(_ user: Handle, reset: Bool = false) {
    let socket = users[user].socket
    guard socket != .none else { return }
    reactor.beginClose(socket, reset: reset)
    users[user].socket = .none
    users[user].isConnected = false
    users[user].held.removeAll()
  }

  // MARK: - Events

  mutating func becameReady(_ user: Handle, _ socket: Handle, _ readiness: Readiness) {
    guard users[user].socket == socket else { return }
    if !users[user].isConnected {
      guard readiness.contains(.writable) || readiness.contains(.failed) else { return }
      guard reactor.connectError(socket) == nil else { return connectFailed(user) }
      didConnect(user)
    } else if users[user].phase == .busy, !users[user].isSent, readiness.contains(.writable) {
      sendRequest(user)
    }
    guard users[user].socket == socket else { return }
    readAnswers(user)
  }

  mutating func deadlinePassed(_ user: Handle, _ socket: Handle) {
    guard users[user].socket == socket, users[user].phase == .busy else { return }
    let deadline = users[user].due &+ timeout
    guard deadline <= reactor.now else { return reactor.setDeadline(socket, at: deadline) }
    fail(user, users[user].isConnected ? .timeout : .connect)
  }

  mutating func timerFired(_ user: Handle) {
    users[user].isReadPostponed = false
    switch users[user].phase {
    case .pausing: next(user)
    case .busy, .idle: if users[user].socket != .none { readSlowly(user) }
    case .waiting: break
    }
  }

  // MARK: - Bytes

  private mutating func sendRequest(_ user: Handle) {
    if arrivals != nil, users[user].sent == 0, isTimed(user, at: users[user].due) {
      let now = reactor.kernel.now()
      tally.sendLag.add(now > users[user].due ? now &- users[user].due : 0)
    }
    let socket = users[user].socket
    let length = requests.length(users[user].template)
    while users[user].sent < length {
      let (first, second) = requests.pieces(
        users[user].template,
        serial: users[user].serial,
        from: users[user].sent
      )
      let result =
        second.isEmpty ? reactor.send(socket, first) : reactor.send(socket, first, second)
      switch result {
      case .bytes(let count): users[user].sent += count
      case .wouldBlock: return
      // The peer may have answered before it closed: what it said is read first.
      case .endOfFile, .failed: return readAnswers(user)
      }
    }
    users[user].isSent = true
  }

  // MARK: - Ends

  /// The request has failed; its connection is of no more use.
  mutating func fail(_ user: Handle, _ failure: RequestFailure) {
    count(user, failure)
    drop(user)
    end(user)
  }

  mutating func count(_ user: Handle, _ failure: RequestFailure) {
    failedInAll += 1
    if counts(user, at: reactor.kernel.now()) { tally.add(failure) }
  }

  /// A user's request is over, whatever came of it.
  mutating func end(_ user: Handle) {
    inFlight -= 1
    next(user)
  }
}
