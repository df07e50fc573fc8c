import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

/// One connection to a backend: at work for an exchange, or idle in its backend's pool.
///
/// What each piece of an answer needs stands first, in as few cache lines as it can: among a
/// thousand streams they have been elsewhere in between.
struct Upstream: ~Copyable {
  /// Whether the rest of an error's body is waited for before its head is acted on.
  enum ErrorBodyWait: UInt8 {
    case none, awaited
    /// It won't come any more.
    case closed
  }

  /// What the connection is at.
  enum Phase: UInt8 {
    case connecting, exchanging, idle
    /// Its client has left; the rest of its answer is read for nobody.
    case leftover
  }

  var registration: Handle
  /// Pinned for the connection's life.
  let record: BackendRecord
  /// Whose exchange it works for; `.none` while idle.
  var downstream = Handle.none
  /// Bytes that came and may not pass yet: part of a head, held events, an unfinished event.
  var held = ByteQueue()
  var phase = Phase.connecting
  var isRequestSent = false
  /// Some byte of this response has come.
  var hasResponseBytes = false
  /// The final head was read; what comes is body.
  var hasHead = false
  /// It has switched protocols for a tunnel.
  var isTunnelOpen = false
  /// Reading waits until the client has taken what is queued.
  var isPaused = false
  var keepsAlive = false
  /// Behind this answer its client's connection can't carry another request.
  var endsDownstream = false
  var body: ResponseBody

  /// Its work counts as in flight although no exchange waits for it.
  var occupiesSlot = false
  /// When all of an answer that nobody waits for must have come.
  var leftoverEnd = UInt64.max
  /// It has carried a request before this one.
  var isReused = false
  /// Requests that it has carried, this one included.
  var requestCount = 0
  /// The next older idle connection to the same backend, and the next younger one.
  var olderIdle = Handle.none
  var youngerIdle = Handle.none
  /// The same among those to all backends.
  var olderIdleOfAll = Handle.none
  var youngerIdleOfAll = Handle.none

  // The request on its way out.
  /// The rewritten head as far as the kernel didn't take it at once.
  var output = ByteQueue()
  /// How much of the exchange's body was taken.
  var bodySent = 0
  /// When the request began to go out.
  var beganAt: UInt64 = 0

  // The response on its way in, until its body comes.
  /// Where in `held` comments stand that go out with an early head, in their order.
  var heldComments: [Range<Int>] = []
  /// How much of `held` was searched for the end of a head.
  var headScanned = 0
  var errorBody = ErrorBodyWait.none
  /// The answer ends its request, whatever its body says: the client has another one's head.
  var isUnfit = false
  /// The head as the client will get it, while COMMIT waits.
  var rewrittenHead = ByteQueue()
  /// Where in it the fields stand that tell of the attempt.
  var attemptFields = 0..<0
  /// How long the backend keeps it idle, as it said; 0 when it didn't.
  var announcedIdleSeconds = 0
  /// Makes it fill its last cache line, so that the next one begins with another.
  private let filling: UInt64 = 0
  private let inPlace = InPlace()

  init(registration: Handle, record: BackendRecord, limits: HTTP1Limits) {
    self.registration = registration
    self.record = record
    body = ResponseBody(
      framing: .none,
      family: .opaque,
      isWatched: false,
      unframes: false,
      limits: limits
    )
  }

  /// Makes it the youngest idle connection.
  ///
  /// - Parameters:
  ///   - older: the one that was, of its backend.
  ///   - olderOfAll: the one that was, of all backends.
  mutating func rest(behind older: Handle, ofAll olderOfAll: Handle) {
    phase = .idle
    downstream = .none
    olderIdle = older
    youngerIdle = .none
    olderIdleOfAll = olderOfAll
    youngerIdleOfAll = .none
  }

  /// Comments came that wait for the head; those that stand next to each other are one piece.
  mutating func noteHeldComments(_ range: Range<Int>) {
    if let last = heldComments.last, last.upperBound == range.lowerBound {
      heldComments[heldComments.count - 1] = last.lowerBound..<range.upperBound
    } else {
      heldComments.append(range)
    }
  }

  /// Makes it ready for one request of an exchange.
  mutating func begin(for downstream: Handle) {
    self.downstream = downstream
    requestCount += 1
    bodySent = 0
    isRequestSent = false
    hasResponseBytes = false
    hasHead = false
    if !heldComments.isEmpty { heldComments.removeAll() }
    errorBody = .none
    isUnfit = false
    headScanned = 0
    keepsAlive = false
    endsDownstream = false
    isPaused = false
  }
}
