/// Judges what comes of messages whose bytes were changed on their way: nothing may be taken for
/// what it isn't.
struct GarbledOracle {
  private let world: SimulatedWorld
  private let exchange: ExchangeRecord

  init(_ world: SimulatedWorld, _ exchange: ExchangeRecord) {
    self.world = world
    self.exchange = exchange
  }

  /// An answer to a garbled request.
  ///
  /// - Parameter isOnly: it is the only one that the client may get from a backend.
  func judge(_ reader: ResponseReader, isWhole: Bool, isOnly: Bool) {
    guard reader.head?.value("x-oairouter-backend") != nil else {
      let own = [200, 204, 400, 403, 404, 405, 408, 411, 413, 414, 415, 417, 431, 501, 502, 503]
      require(
        own.contains(reader.status) || [504, 505].contains(reader.status),
        "\(reader.status)"
      )
      return
    }
    require(!(exchange.strictRequests ?? []).isEmpty, "a backend answered what isn't a request")
    guard isOnly else { return }
    let isRight = attempts.contains { attempt in
      attempt.isGarbled
        || attempt.status == reader.status
          && Bytes.starts(attempt.payload, with: Self.withoutFrame(reader, world))
    }
    require(
      isRight,
      "status \(reader.status) isn't any attempt's: \(reader.framing), "
        + String(decoding: reader.payload.suffix(100), as: UTF8.self)
        + ", asked with " + String(decoding: exchange.wire.prefix(400), as: UTF8.self)
    )
  }

  /// Those of its requests; where others were changed into the same, `sender` can't tell whose they
  /// are.
  private var attempts: [AttemptRecord] {
    let own = exchange.strictRequests ?? []
    return world.exchanges.filter { other in
      other.strictRequests?.contains { request in
        own.contains { $0.method == request.method && $0.body == request.body }
      } ?? false
    }.flatMap(\.attempts)
  }

  /// A request at a backend that no honest client sent: some garbled one must mean exactly this.
  static func sender(
    of head: ReadHead,
    _ body: [UInt8],
    among exchanges: [ExchangeRecord]
  ) -> ExchangeRecord? {
    let method = head.firstLine.prefix { $0 != " " }
    return exchanges.first { exchange in
      exchange.strictRequests?.contains { $0.method == method && $0.body == body } ?? false
    }
  }

  /// Whether an answer follows from a garbled one: its payload, perhaps cut, and a frame behind it.
  ///
  /// Where the head itself was changed, only what is readable can be told.
  static func follows(
    _ reader: ResponseReader,
    from attempt: AttemptRecord,
    in world: SimulatedWorld
  ) -> Bool {
    guard attempt.isHeadWhole else { return true }
    var source = ResponseReader(isHead: false)
    source.feed(attempt.wire)
    source.connectionEnded(isClean: true)
    guard source.status == reader.status else { return false }
    let payload = withoutFrame(reader, world)
    return Bytes.starts(source.payload, with: payload)
      || source.fault != nil && Bytes.starts(payload, with: source.payload)
  }

  /// What stands before an error frame of the router's own; where the end of an answer may be lost,
  /// also before the first bytes of one.
  private static func withoutFrame(_ reader: ResponseReader, _ world: SimulatedWorld) -> [UInt8] {
    let payload = reader.payload
    let backend = reader.head?.value("x-oairouter-backend") ?? ""
    let mayBreak = world.mayBreak(reader)
    for text in [Oracle.lostFrame, Oracle.drainFrame] {
      let frame = Array(text.split(separator: "#").joined(separator: backend).utf8)
      let shortest = mayBreak ? 1 : frame.count
      var count = min(frame.count, payload.count)
      while count >= shortest {
        if payload.suffix(count) == frame.prefix(count) { return payload.dropLast(count) }
        count -= 1
      }
    }
    return payload
  }

  private func require(_ isRight: Bool, _ text: @autoclosure () -> String) {
    world.network.require(isRight, "garbled request \(exchange.number): \(text())")
  }
}
