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
    guard head.value("x-oairouter-backend") != nil else {
      judgeOwn(reader, isWhole: isWhole)
      return
    }
    world.counts.routed += 1
    require(!exchange.isLocal, "a backend answered what is the router's")
    let payload = reader.payload
    // The end of a connection delimits the error frame's answer too: there the frame alone tells.
    let mayBeCut = !isWhole || reader.framing == .untilClose
    let isRight = exchange.attempts.contains { attempt in
      isWhole && isWholeAnswer(payload, attempt)
        || mayBeCut && isHonestCut(payload, attempt, reader)
    }
    if !isWhole { world.counts.cut += 1 }
    require(isRight, "\(isWhole ? "whole" : "cut") answer isn't any attempt's: \(tail(payload))")
  }

  /// Everything that the backend sent, or all up to the event that ends a stream.
  private func isWholeAnswer(_ payload: [UInt8], _ attempt: AttemptRecord) -> Bool {
    if payload == attempt.payload {
      // A body that ends with its connection can be whole only if nothing was cut.
      return attempt.cutsAt == nil || attempt.isWatched
        || attempt.written >= attempt.wire.count - 64
    }
    return false
  }

  /// Whole events of one attempt, and behind them the error frame; never an end of our own.
  private func isHonestCut(
    _ payload: [UInt8],
    _ attempt: AttemptRecord,
    _ reader: ResponseReader
  ) -> Bool {
    let common = zip(payload, attempt.payload).prefix { $0 == $1 }.count
    if common == payload.count, !attempt.isWatched || reader.framing != .chunked { return true }
    let rest = payload[common...]
    guard attempt.isWatched else { return false }
    // The frame may share its first bytes ("data: {") with the event that it stands in for.
    guard let cut = attempt.boundaries.last(where: { $0 <= common }) ?? (common == 0 ? 0 : nil)
    else { return false }
    if rest.isEmpty, cut == common { return world.mayLoseTail }
    let frame = String(decoding: payload[cut...], as: UTF8.self)
    if frame.hasPrefix("data: {\"error\":{"), frame.hasSuffix("}}\n\n") { return true }
    return world.mayLoseTail
      && ("data: {\"error\":{".hasPrefix(frame) || frame.hasPrefix("data: {\"error\":{"))
  }

  private func judgeOwn(_ reader: ResponseReader, isWhole: Bool) {
    world.counts.own += 1
    guard isWhole else {
      require(world.mayLoseTail, "an answer of the router's own was cut")
      return
    }
    if exchange.isLocal {
      // The ledger may be full at that moment, where a profile made it small.
      let isScarce = world.profile.options.limits.bodiesTotal < 64 << 20
      require(
        [200, 400, 404].contains(reader.status) || isScarce && reader.status == 503,
        "local answer \(reader.status)"
      )
      return
    }
    require(
      [408, 502, 503, 504].contains(reader.status),
      "status \(reader.status) for a good request"
    )
    require(!world.profile.isCalm, "status \(reader.status) though nothing was wrong")
    let text = String(decoding: reader.payload, as: UTF8.self)
    require(text.hasPrefix("{\"error\":{"), "an error without its envelope")
  }

  private func require(_ isRight: Bool, _ text: @autoclosure () -> String) {
    world.network.require(isRight, "request \(exchange.number): \(text())")
  }

  private func tail(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.suffix(160), as: UTF8.self)
  }
}
