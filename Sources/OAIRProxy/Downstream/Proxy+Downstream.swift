import OAIRReactor
import OAIRSys

// The client's connection: what the reactor reports of it, what is queued for it, and its end.

extension Proxy {
  /// Counts a request, and has its exchange begin.
  mutating func beginExchange(on downstream: Handle) {
    serial += 1
    downstreams[downstream].begin(exchanges.take())
    downstreams[downstream].exchange.begin(serial: serial, at: reactor.now, settings: settings)
  }

  /// The exchange is over, if there is one; the connection may have another.
  mutating func endExchange(on downstream: Handle) {
    guard let place = downstreams[downstream].end(exchanges.resting) else { return }
    precondition(!place.pointee.holdsAnything, "what all exchanges share is still held")
    exchanges.giveBack(place)
  }

  mutating func downstreamReady(_ downstream: Handle, _ readiness: Readiness) {
    guard downstreams.contains(downstream) else { return }
    if readiness.contains(.failed) {
      clientGone(downstream)
      return
    }
    if readiness.contains(.writable), !downstreams[downstream].output.isEmpty {
      flush(downstream)
      guard downstreams.contains(downstream) else { return }
    }
    readDownstream(downstream)
    guard downstreams.contains(downstream) else { return }
    // A FIN behind a request is a client that has left: engines stop working for it at once.
    // (What it sent before its FIN was read above.)
    if readiness.contains(.peerClosed), downstreams[downstream].phase == .exchanging {
      clientEnded(downstream)
    }
  }

  /// The client's FIN has come: it has left, unless its kind is known to wait for the answer.
  private mutating func clientEnded(_ downstream: Handle) {
    guard settings(of: downstream).halfClose == .finish,
      downstreams[downstream].exchange.machine.request == .ended
    else {
      clientGone(downstream)
      return
    }
    downstreams[downstream].exchange.keepsAlive = false
  }

  /// Reads what the connection's phase wants, within the budget of one turn.
  private mutating func readDownstream(_ downstream: Handle) {
    for _ in 0..<ProxyLimits.readsPerTurn {
      switch downstreams[downstream].phase {
      case .idle, .readingHead:
        if isBehindAnother(downstream) {
          guard !bulk.isSpent else { return postpone(downstream) }
          bulk.spend(ProxyLimits.pipelinedCost)
        }
        guard readHead(downstream) else { return }
      case .exchanging where downstreams[downstream].exchange.isTunnelOpen:
        guard readTunnel(downstream) else { return }
      case .exchanging:
        guard wantsBody(downstream) else { return }
        if bulk.isSpent, isReadable(downstream) { return postpone(downstream) }
        guard readBody(downstream) else { return }
      case .lingering:
        if bulk.isSpent, isReadable(downstream) { return postpone(downstream) }
        guard readLingering(downstream) else { return }
      }
      guard downstreams.contains(downstream) else { return }
    }
    // A budget is spent, and no new edge will come for what is left.
    postpone(downstream)
  }

  private mutating func postpone(_ downstream: Handle) {
    reactor.postpone(downstreams[downstream].registration)
  }

  /// A request waits that came together with the former one.
  private func isBehindAnother(_ downstream: Handle) -> Bool {
    !downstreams[downstream].input.isEmpty && downstreams[downstream].headScanned == 0
  }

  private func isReadable(_ downstream: Handle) -> Bool {
    reactor.readiness(downstreams[downstream].registration).contains(.readable)
  }

  // MARK: Writing

  /// Queues two pieces to the client; what the kernel takes now is never copied.
  ///
  /// - Returns: false when the client is gone; its exchange is released then.
  mutating func deliver(
    _ downstream: Handle,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> Bool {
    let total = first.count + second.count
    guard total > 0 else { return true }
    downstreams[downstream].exchange.responseBytes += total
    var sent = 0
    let hasNothingWaiting = downstreams[downstream].output.isEmpty
    if hasNothingWaiting {
      switch sendNow(downstreams[downstream].registration, first, second) {
      case .bytes(let count): sent = count
      case .wouldBlock: break
      case .endOfFile, .failed:
        clientGone(downstream)
        return false
      }
    }
    guard sent < total else { return true }
    let firstLeft = first.dropFirst(min(sent, first.count))
    let secondLeft = second.dropFirst(max(0, sent - first.count))
    downstreams[downstream].output.append(UnsafeRawBufferPointer(rebasing: firstLeft))
    downstreams[downstream].output.append(UnsafeRawBufferPointer(rebasing: secondLeft))
    // What comes behind it gives a client that takes nothing no more time.
    if hasNothingWaiting { awaitTaking(downstream) }
    return true
  }

  /// Gives the client its time to take something of what waits for it, from now on.
  ///
  /// Each byte that it takes gives it more time, but not once the drain is over: one client that
  /// reads slowly would keep the router from stopping.
  mutating func awaitTaking(_ downstream: Handle) {
    let registration = downstreams[downstream].registration
    downstreams[downstream].exchange.untaken = reactor.unacknowledged(registration)
    reactor.setDeadline(
      registration,
      at: min(reactor.now &+ settings(of: downstream).deadlines.write, lastWrite)
    )
  }

  /// Whether the client has taken something since its time began.
  ///
  /// A slow one may need minutes to take as much as makes its socket writable again: the kernel
  /// tells of smaller steps only when it's asked.
  private func hasTaken(_ downstream: Handle) -> Bool {
    let now = reactor.unacknowledged(downstreams[downstream].registration)
    return now < downstreams[downstream].exchange.untaken
  }

  private mutating func sendNow(
    _ registration: Handle,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult {
    if first.isEmpty { return reactor.send(registration, second) }
    if second.isEmpty { return reactor.send(registration, first) }
    if first.baseAddress == UnsafeRawPointer(scratch.head.baseAddress),
      let whole = scratch.join(headCount: first.count, second)
    {
      return reactor.send(registration, whole)
    }
    return reactor.send(registration, first, second)
  }

  private mutating func flush(_ downstream: Handle) {
    let registration = downstreams[downstream].registration
    switch reactor.send(registration, downstreams[downstream].output.bytes) {
    case .bytes(let count):
      downstreams[downstream].output.consume(count)
      if !downstreams[downstream].output.isEmpty { awaitTaking(downstream) }
    case .wouldBlock: return
    case .endOfFile, .failed:
      clientGone(downstream)
      return
    }
    if downstreams[downstream].output.count <= settings(of: downstream).writeQueue / 2 {
      resumeUpstream(downstream)
    }
    guard downstreams.contains(downstream) else { return }
    if downstreams[downstream].output.isEmpty { allWritten(downstream) }
  }

  /// Everything queued so far is with the kernel.
  mutating func allWritten(_ downstream: Handle) {
    if downstreams[downstream].phase == .exchanging {
      let ticket = downstreams[downstream].exchange.ticket
      reactor.setDeadline(
        downstreams[downstream].registration,
        at: ticket == .none ? .max : queueDeadline(ticket)
      )
    }
    switch downstreams[downstream].exchange.machine.phase {
    case .ending, .answering, .aborting: step(downstream, .flushed)
    default: break
    }
  }

  // MARK: The end

  /// The client has closed, reset, or can't be reached.
  ///
  /// Whatever works for it stops at once.
  mutating func clientGone(_ downstream: Handle) {
    if downstreams[downstream].phase == .exchanging {
      step(downstream, .clientGone)
    } else {
      closeDownstream(downstream)
    }
  }

  /// Sends our FIN and reads on for a while: closing with unread bytes would send a RST, and that
  /// may destroy what the client hasn't read yet (RFC 9112 section 9.6).
  mutating func linger(_ downstream: Handle) {
    let registration = downstreams[downstream].registration
    reactor.shutdownWriting(registration)
    downstreams[downstream].phase = .lingering
    downstreams[downstream].input.removeAll()
    reactor.setDeadline(registration, at: reactor.now &+ ProxyLimits.lingerNanoseconds)
    // Bytes that came before raise no new edge.
    reactor.makeRunnable(registration)
  }

  private mutating func readLingering(_ downstream: Handle) -> Bool {
    let registration = downstreams[downstream].registration
    switch reactor.receive(registration, into: scratch.read) {
    case .bytes(let count):
      bulk.spend(count)
      downstreams[downstream].lingered += count
      if downstreams[downstream].lingered > ProxyLimits.lingerBytes {
        counters.lingerLimit += 1
        closeDownstream(downstream)
        return false
      }
      return true
    case .wouldBlock: return false
    case .endOfFile, .failed:
      closeDownstream(downstream)
      return false
    }
  }

  /// Lets go of the connection.
  ///
  /// No exchange may be under way.
  mutating func closeDownstream(_ downstream: Handle, reset: Bool = false) {
    endExchange(on: downstream)
    let closed = downstreams.remove(downstream)
    if isShared { shares.giveBack(worker) }
    reactor.beginClose(closed.registration, reset: reset)
    connectionEnded()
  }

  mutating func downstreamDeadline(_ downstream: Handle) {
    guard downstreams.contains(downstream) else { return }
    switch downstreams[downstream].phase {
    case .idle: closeDownstream(downstream)
    case .lingering:
      counters.lingerLimit += 1
      closeDownstream(downstream)
    case .readingHead:
      counters.downstreamTimeouts += 1
      beginBareExchange(downstream)
      refuse(downstream, GatewayError(.requestTimeout, "its head wasn't complete in time"))
    case .exchanging:
      exchangeDeadline(downstream)
    }
  }

  private mutating func exchangeDeadline(_ downstream: Handle) {
    let phase = downstreams[downstream].exchange.machine.phase
    if phase == .answering {
      // An answer of ours is queued: whatever of the request is missing, there is no second one.
      writeDeadline(downstream)
    } else if phase == .pausing {
      step(downstream, .resumed)
    } else if downstreams[downstream].exchange.ticket != .none {
      queueTimedOut(downstream)
    } else if downstreams[downstream].exchange.awaitedMemory > 0 {
      refuseForMemory(downstream)
    } else if isBodyLate(downstream) {
      counters.downstreamTimeouts += 1
      breakOff(downstream, GatewayError(.requestTimeout, "its body paused for too long"))
    } else {
      writeDeadline(downstream)
    }
  }

  /// The deadline that passed was for the client's taking what is queued, if anything is.
  private mutating func writeDeadline(_ downstream: Handle) {
    guard !downstreams[downstream].output.isEmpty else {
      reactor.setDeadline(downstreams[downstream].registration, at: .max)
      if downstreams[downstream].exchange.machine.phase == .holding { sendEarlyHead(downstream) }
      return
    }
    if reactor.now < lastWrite, hasTaken(downstream) { return awaitTaking(downstream) }
    counters.downstreamTimeouts += 1
    cutOff(downstream)
  }

  /// The deadline that passed was for the client's next byte of body.
  private func isBodyLate(_ downstream: Handle) -> Bool {
    guard downstreams[downstream].exchange.machine.request == .open else { return false }
    return !downstreams[downstream].exchange.machine.isCommitted
      && !downstreams[downstream].exchange.isUploadPaused
  }
}
