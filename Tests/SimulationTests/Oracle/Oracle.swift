import Glibc
import OAIRProxy

/// Compares what a client got with what backends sent.
struct Oracle {
  private let world: SimulatedWorld
  private let exchange: ExchangeRecord

  init(_ world: SimulatedWorld, _ exchange: ExchangeRecord) {
    self.world = world
    self.exchange = exchange
  }

  func judge(_ reader: ResponseReader, isWhole: Bool) {
    guard let head = reader.head else { return }
    let interim = reader.interimCount
    require(interim == 0 || exchange.expectsContinue && interim == 1, "\(interim) interim answers")
    guard let backend = head.value("x-oairouter-backend") else {
      judgeOwn(reader, isWhole: isWhole)
      return
    }
    world.counts.routed += 1
    require(!exchange.isLocal, "a backend answered what is the router's")
    require(!backend.isEmpty, "the backend has no name")
    if !isWhole { world.counts.cut += 1 }
    let isRight = exchange.attempts.contains { attempt in
      if attempt.isGarbled { return GarbledOracle.follows(reader, from: attempt, in: world) }
      guard attempt.status == reader.status else { return false }
      return isWhole
        ? isWholeAnswer(reader, attempt) : isHonestCut(reader.payload, attempt, reader)
    }
    require(isRight, mismatch(reader, isWhole: isWhole))
    judgeAttempts(head)
    judgeSession(head)
    GivingUpOracle(world, exchange).judgeFailure(of: reader)
  }

  private func judgeSession(_ head: ReadHead) {
    guard let broken = head.value("x-session-broken") else { return }
    require(broken == "true" && exchange.session != nil, "a session is broken that isn't there")
    let mayBreak =
      !world.profile.isCalm || world.profile.maxInFlight > 0 || world.profile.tableChanges > 0
    require(mayBreak, "a session was broken though nothing was wrong")
  }

  private func mismatch(_ reader: ResponseReader, isWhole: Bool) -> String {
    let attempts = exchange.attempts.map { attempt in
      let common = Bytes.common(reader.payload, attempt.payload)
      return "\(attempt.status)\(attempt.isWatched ? " stream" : "")"
        + "\(attempt.isCloseDelimited ? " to the close" : "") of \(attempt.payload.count)"
        + ", common \(common), sent \(attempt.written)/\(attempt.wire.count), \(attempt.fault), "
        + around(common, attempt.payload)
    }
    let kind = isWhole ? "whole" : "cut"
    return "\(kind) \(reader.framing) answer of \(reader.payload.count) isn't "
      + "any attempt's (\(attempts.joined(separator: "; "))): \(tail(reader.payload))"
  }

  /// As many backends had the request as the answer says.
  private func judgeAttempts(_ head: ReadHead) {
    let count = head.value("x-oairouter-attempts").flatMap { Int($0) } ?? 0
    let stale = exchange.attempts.count { $0.isStaleReuse }
    require(count >= 1, "an answer of a backend without attempts")
    require(
      exchange.attempts.count <= count && count <= 16,
      "\(exchange.attempts.count) attempts, \(stale) of them stale, \(count) told"
    )
  }

  /// Everything that the backend sent, or all up to the event that ends a stream; or, where the
  /// connection's end is the body's, whole events and the error frame.
  private func isWholeAnswer(_ reader: ResponseReader, _ attempt: AttemptRecord) -> Bool {
    let payload = reader.payload
    if Bytes.starts(attempt.payload, with: payload), attempt.canBeWhole(payload.count) {
      return true
    }
    // A regular end must not hide that something is missing: only the frame may tell it there.
    return reader.framing == .untilClose && isFramedCut(reader, attempt, mayBreak: false)
  }

  /// A cut that its framing tells: whole events of one attempt, then the error frame.
  ///
  /// Never an end of our own. What isn't a stream of events ends anywhere.
  private func isHonestCut(
    _ payload: [UInt8],
    _ attempt: AttemptRecord,
    _ reader: ResponseReader
  ) -> Bool {
    guard mayBeCut(attempt) else { return false }
    if case .length = reader.framing, attempt.isWatched {
      // A promised length has no room for a frame.
      return Bytes.starts(attempt.payload, with: payload)
        && (payload.isEmpty || attempt.isBoundary(payload.count) || world.mayLoseTail)
    }
    // Behind the end marker a chunk may owe the LF of its last CRLF, which nobody can make up.
    if attempt.isWatched, payload.count == attempt.payload.count - 1,
      attempt.isBoundary(payload.count), Bytes.starts(attempt.payload, with: payload)
    {
      return true
    }
    if !attempt.isWatched { return Bytes.starts(attempt.payload, with: payload) }
    let mayBreak = world.mayBreak(reader)
    if mayBreak, Bytes.starts(attempt.payload, with: payload) { return true }
    return isFramedCut(reader, attempt, mayBreak: mayBreak)
  }

  /// No answer is cut without a reason.
  private func mayBeCut(_ attempt: AttemptRecord) -> Bool {
    attempt.cutsAt != nil || world.isDraining || world.mayLoseTail || exchange.isBeforeReset
  }

  private func isFramedCut(
    _ reader: ResponseReader,
    _ attempt: AttemptRecord,
    mayBreak: Bool
  ) -> Bool {
    guard attempt.isWatched, mayBeCut(attempt),
      let backend = reader.head?.value("x-oairouter-backend")
    else {
      return false
    }
    let payload = reader.payload
    let common = Bytes.common(payload, attempt.payload)
    // The frame may share its first bytes ("data: {") with the event that it stands in for.
    guard let cut = cutPoint(attempt, common) else { return false }
    let frame = String(decoding: payload[cut...], as: UTF8.self)
    let frames = world.isDraining ? [Self.lostFrame, Self.drainFrame] : [Self.lostFrame]
    return frames.contains { expected in
      let text = expected.split(separator: "#").joined(separator: backend)
      return frame == text || mayBreak && text.hasPrefix(frame)
    }
  }

  /// The frames to the byte; `#` stands for the backend's name.
  static let lostFrame =
    "data: {\"error\":{\"message\":\"The backend # was lost before the stream had ended. What came "
    + "so far is incomplete.\",\"type\":\"server_error\",\"param\":null,"
    + "\"code\":\"upstream_disconnected\"}}\n\n"
  static let drainFrame =
    "data: {\"error\":{\"message\":\"The router was stopped before the stream had ended. What came "
    + "so far is incomplete.\",\"type\":\"server_error\",\"param\":null,"
    + "\"code\":\"router_shutdown\"}}\n\n"

  /// Where the last whole event ends, within what both have.
  ///
  /// CR ends a line on its own, an LF behind it belongs to it: the event is whole before that.
  ///
  /// - Returns: nil behind the end marker, where no frame belongs.
  private func cutPoint(_ attempt: AttemptRecord, _ common: Int) -> Int? {
    let places = attempt.cutPlaces
    guard let boundary = places.last(where: { $0 - 1 <= common }) else { return 0 }
    let hasCR = attempt.payload[boundary - 2] == 13
    if boundary > common, !hasCR {
      return places.last { $0 <= common } ?? 0
    }
    return boundary == attempt.payload.count ? nil : min(boundary, common)
  }

  private func judgeOwn(_ reader: ResponseReader, isWhole: Bool) {
    world.counts.own += 1
    guard isWhole else {
      require(
        world.mayLoseTail || world.isDraining || exchange.isBeforeReset,
        "an answer of the router's own was cut"
      )
      return
    }
    if exchange.isHead { require(reader.payload.isEmpty, "a body for HEAD") }
    if exchange.isLocal {
      // The ledger may be full at that moment, where a profile made it small.
      let isScarce = world.profile.options.limits.bodiesTotal < 64 << 20
      require(
        [200, 400, 404, 405].contains(reader.status)
          || (isScarce || world.isDraining) && reader.status == 503,
        "local answer \(reader.status)"
      )
      return
    }
    require(
      [408, 502, 503, 504].contains(reader.status)
        || reader.status == 404 && !world.profile.isCalm && world.profile.tableChanges > 0,
      "status \(reader.status) for a good request"
    )
    require(
      !world.profile.isCalm || world.isDraining,
      "status \(reader.status) though nothing was wrong"
    )
    let text = String(decoding: reader.payload, as: UTF8.self)
    require(text.hasPrefix("{\"error\":{"), "an error without its envelope")
    GivingUpOracle(world, exchange).judgeOwn(reader, text)
  }

  private func require(_ isRight: Bool, _ text: @autoclosure () -> String) {
    world.network.require(isRight, "request \(exchange.number): \(text())")
  }

  /// The bytes on both sides of a place, with its line ends to be seen.
  private func around(_ place: Int, _ bytes: [UInt8]) -> String {
    let before = String(decoding: bytes[..<place].suffix(20), as: UTF8.self)
    let behind = String(decoding: bytes[place...].prefix(20), as: UTF8.self)
    return "\(before.debugDescription) then \(behind.debugDescription)"
  }

  private func tail(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.suffix(160), as: UTF8.self)
  }
}

/// Compares bytes as fast as it goes: runs are long, and payloads are.
enum Bytes {
  static func starts(_ bytes: [UInt8], with prefix: [UInt8]) -> Bool {
    guard prefix.count <= bytes.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      prefix.withUnsafeBufferPointer { prefix in
        guard let first = bytes.baseAddress, let second = prefix.baseAddress else { return true }
        return memcmp(first, second, prefix.count) == 0
      }
    }
  }

  /// Where some bytes first stand in others.
  static func place(of wanted: [UInt8], in bytes: [UInt8]) -> Int? {
    guard let first = wanted.first else { return 0 }
    return bytes.withUnsafeBufferPointer { bytes in
      wanted.withUnsafeBufferPointer { wanted in
        var from = 0
        while let base = bytes.baseAddress, let pattern = wanted.baseAddress,
          bytes.count - from >= wanted.count,
          let hit = memchr(base + from, Int32(first), bytes.count - from - wanted.count + 1)
        {
          let place = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
          if memcmp(hit, pattern, wanted.count) == 0 { return place }
          from = place + 1
        }
        return nil
      }
    }
  }

  /// How many bytes at their starts are the same.
  static func common(_ first: [UInt8], _ second: [UInt8]) -> Int {
    if starts(first, with: second) { return second.count }
    if starts(second, with: first) { return first.count }
    return first.indices.first { $0 == second.count || first[$0] != second[$0] } ?? first.count
  }
}
