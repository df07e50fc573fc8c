import OAIRReactor
import OAIRSys

// How a backend's port opens and closes, and how it ends.

/// What another thread may ask of the backend's.
enum MockOrder: Sendable {
  /// End at once.
  case stop
  /// End as the engine does on SIGTERM.
  case terminate
}

extension MockServer {
  /// Takes the socket over, and listens to `control`.
  ///
  /// While the model is loaded, the port of some engines is closed.
  ///
  /// - Throws: `SystemError` when epoll has no room or the port can't be listened on; the socket is
  ///   closed then.
  mutating func start(_ socket: consuming BoundSocket) throws(SystemError) {
    _ = try reactor.registerBorrowed(control.descriptor, owner: Self.controlOwner)
    guard options.personality.loading == .closedPort, readyAt > reactor.now else {
      return try listen(socket)
    }
    bound = consume socket
    open(at: readyAt)
  }

  private mutating func listen(_ socket: consuming BoundSocket) throws(SystemError) {
    let descriptor = try socket.listen().release()
    do {
      listener = try reactor.registerSource(descriptor, owner: Self.listenerOwner)
    } catch {
      reactor.closeUnregistered(descriptor)
      throw error
    }
  }

  private mutating func open(at time: UInt64) {
    opensAt = time
    reactor.addTimer(at: time, owner: Self.lifeOwner)
  }

  mutating func lifeTimerFired() {
    guard !isEnding else {
      isStopping = true
      return
    }
    guard listener == .none, opensAt <= reactor.now else { return }
    do {
      let socket = if let kept = bound.take() { kept } else { try BoundSocket(address) }
      try listen(socket)
      opensAt = .max
    } catch {
      open(at: reactor.now &+ Self.acceptPause)
    }
  }

  /// Holds a port that is closed for a while, so that nobody else gets it.
  mutating func keepPort() {
    guard listener == .none, opensAt != .max, bound == nil else { return }
    bound = try? BoundSocket(address)
  }

  private mutating func closePort() {
    guard listener != .none else { return }
    reactor.beginClose(listener)
    listener = .none
  }

  private var everyone: [Handle] {
    (0..<connections.touched).compactMap { connections.occupant(ofSlot: $0) }
  }

  /// Ends as a process does that crashes, for good or for a while.
  ///
  /// What comes back has forgotten everything: models are loaded again.
  mutating func die(returningAfter pause: Duration?) {
    for handle in everyone { close(handle, isReset: true) }
    closePort()
    guard let pause else {
      isStopping = true
      return
    }
    loads = [:]
    readyAt = reactor.now &+ pause.nanoseconds &+ options.loadTime.nanoseconds
    open(
      at: options.personality.loading == .closedPort ? readyAt : reactor.now &+ pause.nanoseconds
    )
  }

  mutating func obey(_ order: MockOrder) {
    guard order == .terminate, options.personality.termination != .cut else {
      isStopping = true
      return
    }
    isEnding = true
    closePort()
    for handle in everyone { end(handle) }
    reactor.addTimer(
      at: reactor.now &+ options.limits.termination.nanoseconds,
      owner: Self.lifeOwner
    )
  }

  /// Does to a connection what the engine does when it is asked to end.
  private mutating func end(_ handle: Handle) {
    let isStall = options.personality.termination == .stall
    switch connections[handle].phase {
    case .readingHead, .readingBody: close(handle)
    case .waiting where isStall, .streaming where isStall: finish(handle, .silence)
    case .waiting:
      let failure = MockFailure.status(
        500,
        message: VLLMDialect.failureMessage,
        retryAfterSeconds: nil
      )
      let document = engine.document(failure, on: connections[handle].route)
      connections[handle].pending = nil
      sendDocument(handle, document, isKeepAlive: false)
    case .streaming:
      connections[handle].stream?.fail()
      connections[handle].afterwards = .close
      pump(handle)
    case .flushing:
      if connections[handle].afterwards == .nextRequest { connections[handle].afterwards = .close }
    case .silent, .lingering: break
    }
  }
}
