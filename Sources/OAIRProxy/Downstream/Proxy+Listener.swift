import OAIRReactor
public import OAIRSys

// 1 accept. A listener is level-triggered: what isn't accepted in this tick is reported again.

extension Proxy {
  /// Starts to accept connections from a listener, which then belongs to the proxy.
  ///
  /// - Throws: `SystemError` when epoll can't take it.
  public mutating func listen(_ listener: consuming ListeningSocket) throws(SystemError) {
    let address = listener.address
    try listen(onDescriptor: listener.release(), at: address)
  }

  /// The same for a listener of a simulated kernel.
  ///
  /// - Parameter address: where it listens; on a loopback address, requests are only taken by names
  ///   of this machine.
  /// - Throws: `SystemError` when the kernel can't watch it.
  public mutating func listen(
    onDescriptor descriptor: FileDescriptor,
    at address: SocketAddress
  ) throws(SystemError) {
    let listener = try reactor.registerListener(descriptor, owner: OwnerTag(.listener).bits)
    listeners.append(listener)
    // A unix socket can't be reached by a browser.
    if case .unix = address { return }
    if address.isLoopback { loopbackListeners.append(listener) }
  }

  mutating func acceptConnections(_ listener: Handle) {
    for _ in 0..<ProxyLimits.acceptsPerTick {
      guard let place = placeForConnection() else {
        pause(listener)
        return
      }
      guard acceptOne(listener, at: place) else { return }
    }
  }

  /// - Parameter place: the worker that is to have it, where a place is taken.
  /// - Returns: false when nobody is waiting, or accepting had to pause.
  private mutating func acceptOne(_ listener: Handle, at place: Int) -> Bool {
    switch reactor.accept(listener) {
    case .accepted(let descriptor, let peer):
      let checksHost = loopbackListeners.contains(listener)
      if place == worker {
        addConnection(descriptor, peer, checksHost: checksHost)
      } else {
        commons.pass(PassedConnection(descriptor, peer, checksHost: checksHost), to: place)
      }
      return true
    case .aborted:
      giveBackPlace(place)
      return true
    case .wouldBlock:
      giveBackPlace(place)
      return false
    case .exhausted:
      giveBackPlace(place)
      // The next try is for the same client.
      if freeDescriptor() { return true }
      pause(listener)
      return false
    }
  }

  private mutating func addConnection(
    _ descriptor: FileDescriptor,
    _ peer: SocketAddress,
    checksHost: Bool
  ) {
    counters.connections += 1
    let downstream = downstreams.insert(
      Downstream(
        registration: .none,
        peer: peer,
        checksHost: checksHost,
        resting: exchanges.resting
      )
    )
    do {
      let registration = try reactor.register(
        descriptor,
        owner: OwnerTag(.downstream, downstream).bits,
        readiness: .writable
      )
      downstreams[downstream].registration = registration
      reactor.setDeadline(registration, at: reactor.now &+ settings.deadlines.keepAlive)
    } catch {
      _ = downstreams.remove(downstream)
      reactor.closeUnregistered(descriptor)
      giveBackPlace(worker)
    }
  }

  /// Serves a connection that a host program has accepted.
  ///
  /// Without room, or once a drain has begun, it's closed: nobody else could make it wait.
  mutating func takeOver(_ connection: HandedConnection) {
    guard isAccepting, let place = placeForConnection() else {
      counters.handedRefused += 1
      return
    }
    guard let descriptor = connection.take() else { return giveBackPlace(place) }
    var checksHost = connection.local.isLoopback
    if case .unix = connection.local { checksHost = false }
    if place == worker {
      addConnection(descriptor, connection.peer, checksHost: checksHost)
    } else {
      let passed = PassedConnection(descriptor, connection.peer, checksHost: checksHost)
      commons.pass(passed, to: place)
    }
  }

  /// Serves a connection that another worker has accepted for this one, where it took a place.
  ///
  /// In a drain too: to its client it stands, as one of the backlog does.
  mutating func takeOver(_ connection: PassedConnection) {
    // Once the drain is over, nobody would end it.
    guard !isDrainOver else { return giveBackPlace(worker) }
    guard !isFull else {
      // It has a place, but connections that end hold theirs until the tick does.
      waitingConnections.append(connection)
      return awaitResumption()
    }
    guard let descriptor = connection.take() else { return giveBackPlace(worker) }
    addConnection(descriptor, connection.peer, checksHost: connection.checksHost)
    if lifecycle == .draining { hurryIdle() }
  }

  // MARK: Places for connections

  /// Takes a place for the connection that comes next.
  ///
  /// - Returns: the worker that has it; nil when there is no room.
  private func placeForConnection() -> Int? {
    guard isShared else { return isFull ? nil : worker }
    guard let place = shares.place(for: worker) else { return nil }
    guard place == worker, isFull else { return place }
    giveBackPlace(place)
    return nil
  }

  /// No connection can be registered now.
  private var isFull: Bool { downstreams.isFull || reactor.isFull }

  /// The place isn't needed after all.
  private func giveBackPlace(_ place: Int) {
    guard isShared else { return }
    shares.giveBack(place)
    // In a drain it may be what the other one has waited for.
    if place != worker, commons.isDraining { commons.ring(1 << WaitBoard.Mask(place)) }
  }

  /// Without a pause a level-triggered listener would turn the loop at full speed while no
  /// descriptor is left.
  private mutating func pause(_ listener: Handle) {
    guard !pausedListeners.contains(listener) else { return }
    reactor.pauseSource(listener)
    pausedListeners.append(listener)
    awaitResumption()
  }

  /// A listener isn't watched, or a connection can't be served: they get another try in a while.
  private mutating func awaitResumption() {
    counters.acceptPauses += 1
    guard !isResumptionDue else { return }
    isResumptionDue = true
    addTimer(.acceptPause, after: ProxyLimits.acceptPauseNanoseconds)
  }

  mutating func resumeListeners() {
    isResumptionDue = false
    // Those first: they have been accepted.
    let waiting = waitingConnections
    waitingConnections.removeAll()
    for connection in waiting { takeOver(connection) }
    let paused = pausedListeners
    pausedListeners.removeAll()
    for listener in paused where reactor.isOpen(listener) {
      do { try reactor.resumeSource(listener) } catch {
        pausedListeners.append(listener)
        awaitResumption()
      }
    }
  }

  // MARK: Drain

  /// Says that it drains, and begins to in `ProxyTimeouts.drainDelay`; until then it serves as
  /// before.
  mutating func beginLeaving() {
    guard lifecycle == .running else { return }
    guard settings.deadlines.drainDelay > 0 else { return beginDrain() }
    lifecycle = .leaving
    addTimer(.drainDelay, after: settings.deadlines.drainDelay)
  }

  /// Accepts nothing new.
  ///
  /// Requests on open connections are still served, each the last one there.
  public mutating func beginDrain() {
    guard isAccepting else { return }
    lifecycle = .draining
    commons.isDraining = true
    leaveListeners()
    hurryIdle()
    addTimer(.drain, after: settings.deadlines.drain)
  }

  /// Accepts nobody any more, once those in the backlogs are.
  mutating func leaveListeners() {
    for listener in listeners {
      // Whoever is in the backlog was told that the connection stands: they are served.
      while let place = placeForConnection(), acceptOne(listener, at: place) {}
      reactor.beginCloseSource(listener, isPaused: pausedListeners.contains(listener))
    }
    listeners.removeAll()
  }

  /// Whoever has sent nothing yet gets a short while to do so.
  private mutating func hurryIdle() {
    for slot in 0..<downstreams.touched {
      guard let downstream = downstreams.occupant(ofSlot: slot) else { continue }
      // One whose request may be on its way already gets a short while to send it.
      if downstreams[downstream].phase == .idle {
        reactor.setDeadline(
          downstreams[downstream].registration,
          at: reactor.now &+ ProxyLimits.lingerNanoseconds
        )
      }
    }
  }

  /// The time for streams is over: each ends so that its client can tell.
  mutating func endDrain() {
    lastWrite = min(lastWrite, reactor.now &+ settings.deadlines.write)
    for _ in waitingConnections { giveBackPlace(worker) }
    waitingConnections.removeAll()
    for slot in 0..<downstreams.touched {
      guard let downstream = downstreams.occupant(ofSlot: slot) else { continue }
      switch downstreams[downstream].phase {
      case .idle, .readingHead, .lingering: closeDownstream(downstream)
      case .exchanging: shutDown(downstream)
      }
    }
    cutLeftovers()
  }
}
