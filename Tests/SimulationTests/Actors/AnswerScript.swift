/// What a backend answers, byte for byte, as the seed says.
struct AnswerScript {
  private var payload: [UInt8] = []
  private var boundaries: [Int] = []
  private var wire: [UInt8] = []
  private let isStream: Bool
  private let isCloseDelimited: Bool
  private let cutsAt: Int?
  private let fault: AttemptRecord.Fault

  init(
    mark: String,
    exchange: ExchangeRecord,
    profile: Profile,
    random: inout SimulationRandom
  ) {
    isStream = exchange.wantsStream
    isCloseDelimited = random.chance(80)
    if isStream {
      (payload, boundaries) = Self.events(mark, &random)
    } else {
      payload = Self.document(mark, &random)
    }
    let framing = isCloseDelimited ? "Connection: close\r\n" : nil
    let isChunked = !isCloseDelimited && (isStream || random.chance(400))
    let length =
      isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(payload.count)\r\n"
    let type = isStream ? "text/event-stream; charset=utf-8" : "application/json"
    let head =
      "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nServer: sim\r\n\(framing ?? length)"
      + "Keep-Alive: timeout=5\r\n\r\n"
    wire = Array(head.utf8)
    if isChunked { Self.frame(payload, boundaries, into: &wire, &random) } else { wire += payload }
    guard random.chance(profile.answerFaults) else {
      (cutsAt, fault) = (nil, .none)
      return
    }
    // Not behind the last byte: what came whole isn't cut.
    let place = random.pick([0, random.below(head.utf8.count), random.below(wire.count - 1)])
    cutsAt = place
    fault = random.pick([.reset, .reset, .close, .close, .silence])
  }

  func write(into attempt: AttemptRecord) {
    attempt.payload = payload
    attempt.boundaries = boundaries
    attempt.isWatched = isStream
    attempt.isCloseDelimited = isCloseDelimited
    attempt.wire = wire
    attempt.cutsAt = cutsAt
    attempt.fault = fault
  }

  private static func events(
    _ mark: String,
    _ random: inout SimulationRandom
  ) -> ([UInt8], [Int]) {
    var bytes: [UInt8] = []
    var boundaries: [Int] = []
    func add(_ event: String) {
      bytes += Array(event.utf8)
      boundaries.append(bytes.count)
    }
    let end = random.chance(150) ? "\r\n\r\n" : "\n\n"
    if random.chance(700) {
      add("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\(end)")
    }
    for index in 0..<random.within(1...12) {
      if random.chance(60) { add(": still here\(end)") }
      let padding = String(repeating: "x", count: random.pick([0, 10, 200, 3000]))
      add("data: {\"choices\":[{\"delta\":{\"content\":\"\(mark).\(index) \(padding)\"}}]}\(end)")
    }
    add("data: [DONE]\(end)")
    return (bytes, boundaries)
  }

  private static func document(_ mark: String, _ random: inout SimulationRandom) -> [UInt8] {
    let padding = String(repeating: "y", count: random.pick([0, 100, 5000, 100_000]))
    return Array("{\"id\":\"\(mark)\",\"text\":\"\(padding)\"}".utf8)
  }

  /// One chunk per event, or chunks that end anywhere.
  private static func frame(
    _ payload: [UInt8],
    _ boundaries: [Int],
    into wire: inout [UInt8],
    _ random: inout SimulationRandom
  ) {
    let perEvent = random.chance(500) && !boundaries.isEmpty
    var start = 0
    var ends = boundaries[...]
    while start < payload.count {
      let end =
        perEvent
        ? ends.popFirst() ?? payload.count
        : min(payload.count, start + random.within(1...random.pick([20, 500, 5000])))
      ChunkFraming.append(
        payload[start..<end],
        to: &wire,
        decoration: random.chance(20) ? ";a=b" : ""
      )
      start = end
    }
    ChunkFraming.end(&wire, trailer: random.chance(50) ? "X-Trailer: 1\r\n" : "")
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
