// What really happened, written down by the actors as they act. The oracle compares the two.

/// One request of a client, and what became of it.
final class ExchangeRecord {
  let number: Int
  /// It is for the router itself, or malformed: no backend may see it.
  let isLocal: Bool
  let wantsStream: Bool
  /// The number of its model; no one's for the router's own.
  let model: Int
  /// The number of its session, if it names one.
  let session: Int?
  let isHTTP10: Bool
  let isHead: Bool
  /// It asks whether its body is wanted, and takes an interim answer.
  let expectsContinue: Bool
  let body: [UInt8]
  private(set) var wire: [UInt8]
  /// What a strict recipient reads from a garbled one; nil: it isn't garbled.
  private(set) var strictRequests: [StrictRequest]?
  var attempts: [AttemptRecord] = []
  var isAnswered = false
  /// When its client began to send it; and when the last byte of it was sent, nil before.
  var beganAt: UInt64 = 0
  /// A backend had sent excess bytes just before it: they may have been taken for its answer.
  var isSpoiled = false
  var sentAt: UInt64?
  /// A reset that another one behind it on its connection brought may have destroyed its answer.
  var isBeforeReset = false
  /// Its client has left; the router, and behind it the backend, hears of it a while later.
  var isAbandoned = false

  init(
    number: Int,
    isLocal: Bool,
    wantsStream: Bool,
    model: Int = -1,
    session: Int? = nil,
    isHTTP10: Bool = false,
    isHead: Bool = false,
    expectsContinue: Bool = false,
    body: [UInt8],
    wire: [UInt8]
  ) {
    self.number = number
    self.isLocal = isLocal
    self.wantsStream = wantsStream
    self.model = model
    self.session = session
    self.isHTTP10 = isHTTP10
    self.isHead = isHead
    self.expectsContinue = expectsContinue
    self.body = body
    self.wire = wire
  }

  /// Its bytes are changed on their way to the router.
  func garble(_ random: inout SimulationRandom) {
    // Whoever changes a few bytes of this name doesn't make another request's of it.
    let name = Array("\r\nX-Request-ID: sim-".utf8)
    if let place = Bytes.place(of: name, in: wire) {
      wire.replaceSubrange((place + 16)..<(place + 20), with: Array("gar-".utf8))
    }
    Garbler.garble(&wire, from: 0, &random)
    strictRequests = StrictRequest.all(in: wire)
  }
}

/// One request as a backend got it, and what the backend sends for it.
final class AttemptRecord {
  /// Which server it is at.
  let server: Int
  /// The answer's payload, without framing.
  var payload: [UInt8] = []
  /// Where its events end.
  var boundaries: [Int] = []
  /// Where the lines of comments do: no event is begun there, and the blank line may be missing.
  var commentEnds: [Int] = []
  var isWatched = false
  var isCloseDelimited = false
  /// Head and framed payload, and what comes behind them.
  var wire: [UInt8] = []
  /// How much of `wire` is heads.
  var headEnd = 0
  /// How much of `wire` makes the answer whole, by its framing.
  var wholeAt = 0
  /// How much of `wire` has all the payload.
  var payloadEnd = 0
  /// It is cut after so many bytes of `wire`, in the way of `fault`.
  var cutsAt: Int?
  var fault = Fault.none
  var status = 200
  /// Bytes of it are none of an answer's: only what follows from them can be expected.
  var isGarbled = false
  /// Its head is as the backend meant it.
  var isHeadWhole = true
  /// The backend says itself that it has failed: another may do better.
  lazy var isRefusal = status != 200 || isGarbled
  /// The connection had carried another request before.
  let isReused: Bool
  var written = 0

  enum Fault { case none, reset, close, silence }

  init(server: Int, isReused: Bool) {
    self.server = server
    self.isReused = isReused
  }

  /// The router can't have got a byte on a reused connection (a RST destroys what is on its way):
  /// it may ask the same backend again.
  var isStaleReuse: Bool { isReused && cutsAt != nil && (written == 0 || fault == .reset) }

  /// Where a stream may be cut, in order.
  var cutPlaces: [Int] { (boundaries + commentEnds).sorted() }

  /// An event ends there; CR ends a line on its own, the LF behind it may be missing.
  func isBoundary(_ count: Int) -> Bool {
    cutPlaces.contains(count) || cutPlaces.contains(count + 1) && payload[count - 1] == 13
  }

  /// The router may have taken it for whole.
  ///
  /// Behind a stream's end marker only framing can be missing; and nothing tells the end of a body
  /// that its connection delimits from a regular close in its midst.
  func canBeWhole(_ count: Int) -> Bool {
    if isCloseDelimited, !isWatched, fault == .close { return count <= payload.count }
    // The end marker counts from the end of its line on; what is behind it is a blank line.
    let isMarked =
      isWatched && count >= payload.count - 3 && (isCloseDelimited || isBoundary(count))
    guard count == payload.count || isMarked else { return false }
    return isMarked || cutsAt == nil || written >= wholeAt || isWatched && written >= payloadEnd
  }
}
