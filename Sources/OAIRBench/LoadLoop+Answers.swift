import Glibc
import OAIRHTTP1
import OAIRReactor
import OAIRSys
import OAIRWire

// The reading half: answers, their events, and whether they are right.

extension LoadLoop {
  /// What a piece of an answer came to.
  private enum Step {
    case goOn, needMore, finished
    case failed(RequestFailure)
  }

  // MARK: - Bytes

  mutating func readAnswers(_ user: Handle) {
    guard !users[user].isSlow else { return readSlowly(user) }
    var budget = BenchLimits.readsPerTurn
    // The socket may become another one on the way: a user goes on as soon as it has its answer.
    while isReadable(user) {
      guard budget > 0 else { return reactor.makeRunnable(users[user].socket) }
      budget -= 1
      guard readOnce(user, atMost: BenchLimits.readSize) else { return }
    }
  }

  private func isReadable(_ user: Handle) -> Bool {
    let socket = users[user].socket
    guard socket != .none, users[user].isConnected else { return false }
    let readiness = reactor.readiness(socket)
    return readiness.contains(.readable) || readiness.contains(.failed)
  }

  /// Reads once.
  ///
  /// - Returns: whether there may be more.
  @discardableResult
  mutating func readOnce(_ user: Handle, atMost limit: Int) -> Bool {
    let held = users[user].held.count
    // SAFETY: what is held is at most a head or a chunk's size line, and scratch has room for both
    // and a read behind it.
    let room = UnsafeMutableRawBufferPointer(rebasing: scratch[held..<held + limit])
    switch reactor.receive(users[user].socket, into: room) {
    case .bytes(let count):
      if held > 0 {
        scratch.copyMemory(from: users[user].held.bytes)
        users[user].held.removeAll()
      }
      take(user, UnsafeRawBufferPointer(rebasing: scratch[..<(held + count)]))
      return true
    case .wouldBlock: return false
    case .endOfFile:
      connectionEnded(user)
      return true
    case .failed:
      connectionLost(user)
      return true
    }
  }

  private mutating func connectionEnded(_ user: Handle) {
    guard users[user].phase == .busy else { return drop(user) }
    switch users[user].part {
    case .untilClose:
      users[user].isKeepAlive = false
      finish(user, at: reactor.kernel.now())
    case .head: fail(user, users[user].held.isEmpty ? .closed : .shortBody)
    case .length, .chunked: fail(user, .shortBody)
    }
  }

  private mutating func connectionLost(_ user: Handle) {
    if users[user].phase == .busy { fail(user, .reset) } else { drop(user) }
  }

  /// Parses what has come.
  private mutating func take(_ user: Handle, _ bytes: UnsafeRawBufferPointer) {
    let now = reactor.kernel.now()
    guard users[user].phase == .busy else { return drop(user) }
    var offset = 0
    while true {
      let step =
        switch users[user].part {
        case .head: takeHead(user, bytes, &offset)
        case .length(let left): takeLength(user, left, bytes, &offset, now)
        case .chunked: takeChunks(user, bytes, &offset, now)
        case .untilClose: takeRest(user, bytes, &offset, now)
        }
      switch step {
      case .goOn: continue
      case .needMore:
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard rest.count <= http.head else { return fail(user, .malformed) }
        return users[user].held.append(rest)
      case .failed(let failure): return fail(user, failure)
      case .finished:
        // Nobody has asked for what follows an answer.
        if offset < bytes.count { users[user].isKeepAlive = false }
        return finish(user, at: now)
      }
    }
  }

  private mutating func takeHead(
    _ user: Handle,
    _ bytes: UnsafeRawBufferPointer,
    _ offset: inout Int
  ) -> Step {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
    switch ResponseHeadParser.parse(
      rest,
      previouslyScanned: 0,
      requestMethod: method,
      into: &table,
      limits: http
    ) {
    case .needMore: return .needMore
    case .failed: return .failed(.malformed)
    case .head(let head):
      offset += head.length
      // 100 and 103 come before the answer.
      guard head.status >= 200 else { return .goOn }
      users[user].status = head.status
      users[user].isKeepAlive = head.isKeepAlive
      switch head.framing {
      case .none: return .finished
      case .length(0): return .finished
      case .length(let count): users[user].part = .length(count)
      case .chunked:
        users[user].part = .chunked
        users[user].decoder = ChunkedDecoder(limits: http, isResponse: true)
      case .untilClose: users[user].part = .untilClose
      }
      return .goOn
    }
  }

  private mutating func takeLength(
    _ user: Handle,
    _ left: Int,
    _ bytes: UnsafeRawBufferPointer,
    _ offset: inout Int,
    _ now: UInt64
  ) -> Step {
    let count = min(left, bytes.count - offset)
    guard count > 0 else { return .needMore }
    let isComplete = takePayload(user, bytes, offset..<offset + count, now)
    offset += count
    users[user].part = .length(left - count)
    return isComplete || count == left ? .finished : .needMore
  }

  private mutating func takeChunks(
    _ user: Handle,
    _ bytes: UnsafeRawBufferPointer,
    _ offset: inout Int,
    _ now: UInt64
  ) -> Step {
    while true {
      switch users[user].decoder?.next(bytes, at: &offset) ?? .needMore {
      case .payload(let range):
        if takePayload(user, bytes, range, now) { return .finished }
      case .lastChunk: continue
      case .end: return .finished
      case .needMore: return .needMore
      case .failed: return .failed(.malformed)
      }
    }
  }

  private mutating func takeRest(
    _ user: Handle,
    _ bytes: UnsafeRawBufferPointer,
    _ offset: inout Int,
    _ now: UInt64
  ) -> Step {
    guard offset < bytes.count else { return .needMore }
    let range = offset..<bytes.count
    offset = bytes.count
    return takePayload(user, bytes, range, now) ? .finished : .needMore
  }

  // MARK: - Events

  /// - Returns: whether the answer ends here for a client that closes at the end marker, as
  ///   OpenAI's does.
  private mutating func takePayload(
    _ user: Handle,
    _ bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>,
    _ now: UInt64
  ) -> Bool {
    if isInSample(now) { tally.bytes += range.count }
    guard workload.isStreaming, users[user].status < 300 else { return false }
    _ = users[user].observer.observe(UnsafeRawBufferPointer(rebasing: bytes[range]))
    if workload.hasStamps { readStamps(user, UnsafeRawBufferPointer(rebasing: bytes[range]), now) }
    let seen = users[user].observer.contentEventCount
    let new = seen - users[user].seenEvents
    if new > 0 {
      users[user].seenEvents = seen
      contentCame(user, new, now)
    }
    guard workload.isChurning, users[user].observer.hasEndMarker else { return false }
    users[user].isKeepAlive = false
    return true
  }

  private mutating func readStamps(
    _ user: Handle,
    _ payload: UnsafeRawBufferPointer,
    _ now: UInt64
  ) {
    var offset = 0
    while let sent = users[user].stamps.next(payload, at: &offset) {
      if isTimed(user, at: now) { tally.delivery.add(now > sent ? now &- sent : 0) }
    }
  }

  private mutating func contentCame(_ user: Handle, _ count: Int, _ now: UInt64) {
    eventsInAll += count
    if isInSample(now) { tally.events += count }
    let isCounted = isTimed(user, at: now)
    if users[user].firstEvent == 0 {
      users[user].firstEvent = now
      users[user].observer.commit()
      if isCounted { tally.firstEvent.add(now &- users[user].due) }
    } else if isCounted {
      tally.interEvent.add(now &- users[user].lastEvent)
    }
    // Of those that arrive together, all but the first follow the one before without a gap.
    if isCounted { for _ in 1..<count { tally.interEvent.add(0) } }
    users[user].lastEvent = now
  }

  // MARK: - Complete answers

  private mutating func finish(_ user: Handle, at now: UInt64) {
    let isCounted = counts(user, at: now)
    if let failure = failure(user) {
      failedInAll += 1
      if isCounted {
        if failure == .status {
          tally.add(status: users[user].status)
        } else {
          tally.add(failure)
        }
      }
    } else {
      doneInAll += 1
      if isInSample(now) { tally.completions += 1 }
      if isTimed(user, at: now) {
        tally.requests += 1
        tally.latency.add(now &- users[user].due)
      } else if isCounted {
        tally.slowRequests += 1
      }
    }
    users[user].served += 1
    // An answer that came before all of its request leaves the rest unsent.
    if !users[user].isKeepAlive || !users[user].isSent || workload.isChurning { drop(user) }
    end(user)
  }

  private func failure(_ user: Handle) -> RequestFailure? {
    guard users[user].status < 300 else { return .status }
    guard workload.isStreaming, family != .opaque else { return nil }
    if users[user].observer.hasError { return .streamError }
    guard users[user].observer.hasEndMarker else { return .noEndMarker }
    if let expected = workload.expectedEvents, users[user].observer.eventCount != expected {
      return .eventCount
    }
    return nil
  }
}
