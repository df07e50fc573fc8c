// What really happened, written down by the actors as they act. The oracle compares the two.

/// One request of a client, and what became of it.
final class ExchangeRecord {
  let number: Int
  /// It is for the router itself, or malformed: no backend may see it.
  let isLocal: Bool
  let wantsStream: Bool
  let isHTTP10: Bool
  let body: [UInt8]
  let wire: [UInt8]
  var attempts: [AttemptRecord] = []
  var isAnswered = false

  init(
    number: Int,
    isLocal: Bool,
    wantsStream: Bool,
    isHTTP10: Bool,
    body: [UInt8],
    wire: [UInt8]
  ) {
    self.number = number
    self.isLocal = isLocal
    self.wantsStream = wantsStream
    self.isHTTP10 = isHTTP10
    self.body = body
    self.wire = wire
  }
}

/// One request as a backend got it, and what the backend sends for it.
final class AttemptRecord {
  /// The answer's payload, without framing.
  var payload: [UInt8] = []
  /// Where its events end.
  var boundaries: [Int] = []
  var isWatched = false
  var isCloseDelimited = false
  /// Head and framed payload.
  var wire: [UInt8] = []
  /// It is cut after so many bytes of `wire`, in the way of `fault`.
  var cutsAt: Int?
  var fault = Fault.none
  /// The connection had carried another request before.
  let isReused: Bool
  var written = 0

  enum Fault { case none, reset, close, silence }

  init(isReused: Bool) { self.isReused = isReused }

  /// The router can't have got a byte on a reused connection (a RST destroys what is on its way):
  /// it may ask the same backend again.
  var isStaleReuse: Bool { isReused && cutsAt != nil && (written == 0 || fault == .reset) }
}
