import OAIRHTTP1
import OAIRReactor
import OAIRSys

// Streams: the pace of their events, and what breaks them off.

extension MockServer {
  mutating func beginStream(
    _ handle: Handle,
    _ script: EventScript,
    _ breakPoint: TokenStream.BreakPoint?
  ) {
    let isChunked = connections[handle].request?.minorVersion != 0
    let isKeepAlive = isChunked && keepsAlive(handle, 200)
    connections[handle].isChunked = isChunked
    connections[handle].afterwards = isKeepAlive ? .nextRequest : .close
    connections[handle].stream = TokenStream(
      script,
      firstToken: connections[handle].turn == .queued ? .max : firstTokenTime,
      interval: options.interTokenLatency.nanoseconds,
      breakPoint: breakPoint,
      stampsTokens: options.stampsTokens
    )
    connections[handle].phase = .streaming
    let head = engine.head(
      Document(contentType: script.contentType),
      isChunked ? .chunked : .untilClose,
      isKeepAlive: isKeepAlive
    )
    guard write(handle, head) else { return }
    shared.counters.streamsStarted.increment()
    pump(handle)
  }

  /// When the first token of a stream is due that begins now.
  var firstTokenTime: UInt64 {
    let isOver = options.personality.headWaitsForToken
    return isOver ? reactor.now : reactor.now &+ options.timeToFirstToken.nanoseconds
  }

  /// Writes the events that are due, each in a chunk and a write of its own.
  mutating func pump(_ handle: Handle) {
    var budget = options.limits.eventsPerTurn
    while connections.contains(handle), connections[handle].output.isEmpty {
      if isPeerGone(handle) { return abandon(handle) }
      guard budget > 0 else { return reactor.makeRunnable(connections[handle].socket) }
      budget -= 1
      // The tick's time would count how long its other streams took.
      let now = options.stampsTokens ? reactor.kernel.now() : reactor.now
      switch connections[handle].stream?.next(at: now, into: &event) ?? .ended {
      case .event: if writeEvent(handle) { return endStream(handle) }
      case .notBefore(.max): return
      case .notBefore(let time): return wake(handle, at: time)
      case .ended:
        if connections[handle].isChunked {
          guard write(handle, Self.terminatingChunk) else { return }
        }
        return endStream(handle)
      case .broken(.cut): return close(handle, isReset: true)
      case .broken(.eof): return finish(handle, .close)
      case .broken(.stall), .broken(.error): return finish(handle, .silence)
      }
    }
  }

  private static var terminatingChunk: [UInt8] { Array("0\r\n\r\n".utf8) }

  /// Writes the event at hand.
  ///
  /// - Returns: true when the terminating chunk went out with it.
  private mutating func writeEvent(_ handle: Handle) -> Bool {
    guard connections[handle].isChunked else {
      _ = write(handle, event)
      return false
    }
    frame.removeAll(keepingCapacity: true)
    frame.append(contentsOf: String(event.count, radix: 16).utf8)
    frame.append(contentsOf: [0x0D, 0x0A])
    frame.append(contentsOf: event)
    frame.append(contentsOf: [0x0D, 0x0A])
    let isLast = connections[handle].stream?.isEnded == true
    let endsHere = isLast && !options.personality.writesTerminatorApart
    if endsHere { frame.append(contentsOf: Self.terminatingChunk) }
    return write(handle, frame) && endsHere
  }

  private mutating func endStream(_ handle: Handle) {
    finish(handle, connections[handle].afterwards)
  }
}
