/// What a backend answers, byte for byte, as the seed says: regular answers in every framing, and
/// the irregular ones that engines and what stands before them send.
struct AnswerScript {
  /// How the head delimits the body.
  private enum Framing { case length, chunked, untilClose }

  private let attempt: AttemptRecord
  private let isStream: Bool

  /// Writes an answer into an attempt.
  static func write(
    into attempt: AttemptRecord,
    mark: String,
    exchange: ExchangeRecord,
    profile: Profile,
    random: inout SimulationRandom
  ) {
    let isFailing = random.chance(profile.answerFaults / 4)
    attempt.status = isFailing ? random.pick([500, 503, 429, 400, 404]) : 200
    let script = AnswerScript(
      attempt: attempt,
      isStream: exchange.wantsStream && !isFailing
    )
    script.makePayload(mark, profile, &random)
    attempt.isGarbled = profile.garbling > 0 && random.chance(profile.garbling)
    script.makeWire(profile, &random)
    if attempt.isGarbled { return script.garble(&random) }
    if random.chance(profile.answerFaults) { script.breakOff(&random) }
  }

  private func makePayload(
    _ mark: String,
    _ profile: Profile,
    _ random: inout SimulationRandom
  ) {
    attempt.isWatched = isStream
    guard isStream else {
      // The largest fills every queue on its way.
      let length = random.chance(20) ? profile.largestAnswer : random.pick(profile.answers)
      attempt.payload = Self.padded("{\"id\":\"\(mark)\",\"text\":\"", "y", length, "\"}")
      return
    }
    let end = random.chance(150) ? "\r\n\r\n" : "\n\n"
    if random.chance(700) {
      add("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\(end)")
    }
    if random.chance(profile.answerFaults / 8) {
      attempt.isRefusal = true
      add("data: {\"error\":{\"message\":\"\(mark)\",\"code\":500}}\(end)")
    }
    for index in 0..<random.within(1...12) {
      if random.chance(60) {
        add(": still here\(end)")
        attempt.commentEnds.append(attempt.payload.count - end.utf8.count / 2)
      }
      let content = "data: {\"choices\":[{\"delta\":{\"content\":\"\(mark).\(index) "
      add(Self.padded(content, "x", random.pick([0, 10, 200, 3000]), "\"}}]}\(end)"))
    }
    add("data: [DONE]\(end)")
  }

  /// Text around so many bytes of padding: in bytes, as strings of that length take their time.
  private static func padded(
    _ start: String,
    _ padding: Unicode.Scalar,
    _ count: Int,
    _ end: String
  ) -> [UInt8] {
    var bytes = Array(start.utf8)
    bytes.reserveCapacity(bytes.count + count + end.utf8.count)
    bytes += repeatElement(UInt8(ascii: padding), count: count)
    bytes += end.utf8
    return bytes
  }

  private func add(_ event: String) { add(Array(event.utf8)) }

  private func add(_ event: [UInt8]) {
    attempt.payload += event
    attempt.boundaries.append(attempt.payload.count)
  }

  // MARK: The wire

  private func makeWire(_ profile: Profile, _ random: inout SimulationRandom) {
    let framing = chooseFraming(&random)
    attempt.isCloseDelimited = framing == .untilClose
    if !attempt.isGarbled { interim(&random) }
    let type = isStream ? "text/event-stream; charset=utf-8" : "application/json"
    let isShort = framing == .length && random.chance(profile.answerFaults / 8)
    let length = attempt.payload.count + (isShort ? random.within(1...200) : 0)
    let delimiter =
      switch framing {
      case .length: "Content-Length: \(length)"
      case .chunked: "Transfer-Encoding: chunked"
      case .untilClose: "Connection: close"
      }
    attempt.wire += Array(
      ("HTTP/1.1 \(attempt.status) Status\r\nContent-Type: \(type)\r\nServer: sim\r\n"
        + "\(delimiter)\r\nKeep-Alive: timeout=5\r\n\r\n").utf8
    )
    attempt.headEnd = attempt.wire.count
    if framing == .chunked { chunk(&random) } else { attempt.wire += attempt.payload }
    if framing != .chunked { attempt.payloadEnd = attempt.wire.count }
    attempt.wholeAt = isShort ? .max : attempt.wire.count
    if isShort {
      attempt.cutsAt = attempt.wire.count
      attempt.fault = random.pick([.reset, .close, .close])
    } else if framing != .untilClose, random.chance(profile.answerFaults / 8) {
      // Bytes that belong to no answer.
      attempt.wire += Array("\(random.pick(["\r\n", "junk", "HTTP/1.1 2"]))".utf8)
    }
  }

  private func chooseFraming(_ random: inout SimulationRandom) -> Framing {
    if random.chance(80) { return .untilClose }
    return random.chance(isStream ? 950 : 400) ? .chunked : .length
  }

  /// What may come before the answer, and says nothing (RFC 9110 section 15.2).
  private func interim(_ random: inout SimulationRandom) {
    if random.chance(60) { attempt.wire += Array("HTTP/1.1 100 Continue\r\n\r\n".utf8) }
    if random.chance(60) {
      attempt.wire += Array("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n".utf8)
    }
  }

  /// One chunk per event, or chunks that end anywhere.
  private func chunk(_ random: inout SimulationRandom) {
    let payload = attempt.payload
    let perEvent = random.chance(500) && isStream
    var start = 0
    var ends = attempt.boundaries[...]
    while start < payload.count {
      let end =
        perEvent
        ? ends.popFirst() ?? payload.count
        : min(payload.count, start + random.within(1...random.pick([20, 500, 5000])))
      ChunkFraming.append(
        payload[start..<end],
        to: &attempt.wire,
        decoration: random.chance(20) ? ";a=b" : ""
      )
      start = end
    }
    attempt.payloadEnd = attempt.wire.count - 2
    let trailer = random.chance(150) ? "X-Trailer: 1\r\nX-Checksum: abc\r\n" : ""
    ChunkFraming.end(&attempt.wire, trailer: trailer)
  }

  /// Some bytes are others; the connection is said to end with it, as whatever is left over would
  /// look like the next answer.
  private func garble(_ random: inout SimulationRandom) {
    let head = attempt.wire[..<attempt.headEnd]
    // Half of them with a good head: of those more can be told.
    Garbler.garble(&attempt.wire, from: random.chance(500) ? attempt.headEnd : 0, &random)
    attempt.isHeadWhole = attempt.wire.starts(with: head)
    let lineEnd: [UInt8] = [13, 10]
    if let place = Bytes.place(of: lineEnd, in: attempt.wire) {
      attempt.wire.insert(contentsOf: Array("\r\nConnection: close".utf8), at: place)
    }
    attempt.cutsAt = attempt.wire.count
    attempt.fault = random.pick([.close, .close, .reset])
  }

  /// It ends early: in its head, anywhere, around the end marker, or behind the last payload byte.
  private func breakOff(_ random: inout SimulationRandom) {
    let last = min(attempt.wire.count, attempt.wholeAt) - 1
    let behind = max(0, last - attempt.payloadEnd)
    let place = random.pick([
      0, random.below(attempt.headEnd), random.below(last), last - random.below(behind + 1),
      min(last, attempt.payloadEnd - random.pick([1, 1, 2, random.below(20)])),
    ])
    attempt.cutsAt = place
    attempt.fault = random.pick([.reset, .reset, .close, .close, .silence])
  }
}

/// Frames a body as chunks.
enum ChunkFraming {
  static func append(_ bytes: ArraySlice<UInt8>, to wire: inout [UInt8], decoration: String = "") {
    guard !bytes.isEmpty else { return }
    wire += Array("\(String(bytes.count, radix: 16))\(decoration)\r\n".utf8)
    wire += bytes
    wire += [13, 10]
  }

  static func end(_ wire: inout [UInt8], trailer: String = "") {
    wire += Array("0\r\n\(trailer)\r\n".utf8)
  }
}
