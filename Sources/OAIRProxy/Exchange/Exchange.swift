import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

/// One request and its response: what is known of it, from the first byte of its head to its access
/// record.
///
/// A connection has it from its pool while a request is under way; then it is another request's.
struct Exchange: ~Copyable {
  // What each piece of an answer needs: in one cache line, since among a thousand streams the
  // processor has been elsewhere in between.
  var machine: ExchangeMachine
  var minorVersion: UInt8 = 1
  /// In which account of the body ledger it stands.
  var account = BodyLedger.Account.large
  /// Its backend has switched protocols: bytes pass both ways as they are.
  var isTunnelOpen = false
  /// The id of a new response is looked for in what passes.
  var seeksResponseID = false
  /// What held when it began, pinned: the configuration may change meanwhile.
  private(set) var settings: ProxySettings
  var upstream = Handle.none
  var responseBytes = 0
  /// Events with content that have come, and when the last one did.
  private(set) var eventCount = 0
  private var lastEventAt: UInt64 = 0
  /// The number of the model that was asked for.
  var series = ModelSeries.unknown

  /// The number of this exchange since the start, part of its request id; 0 for what isn't one yet.
  private(set) var serial: UInt64 = 0
  private(set) var startedAt: UInt64 = 0

  // The request, kept whole until COMMIT, so that it can be sent again.
  var request = ByteQueue()
  var headLength = 0
  var framing = MessageFraming.none
  var method = HTTPMethod.get
  var route = PathTable.Route.unknown
  var keepsAlive = false
  /// Where target and the client's own request id stand in the head.
  var target = ByteRange(0, 0)
  var requestID: ByteRange?
  /// Where the origin of the page stands that sent it, if it may.
  var origin: ByteRange?
  /// The hash of the session's id; 0 without one.
  var session: UInt64 = 0
  /// Declared, or counted once all of it is here.
  var bodyLength = 0
  /// The client waits to be told that its body is wanted.
  var owesContinue = false
  /// The answer doesn't depend on the body, which isn't kept.
  var isBodySkipped = false
  var decoder: ChunkedDecoder
  var peek = BodyPeek()
  /// Where the model's name stands since it was replaced, or since `dropBody`.
  private var movedModel: Range<Int>?
  /// What the client asked for, once the request names another model.
  private(set) var askedModel: [UInt8]?
  /// The query names its model more than once.
  private var isQueryModelRepeated = false
  /// Bytes by which another model's name has made the body longer.
  private(set) var growth = 0
  /// How long the request was, once it is dropped.
  private(set) var requestBytes = 0
  /// A request that is no longer than this, in bytes, isn't worth shortening: one whose answer is a
  /// stream, which takes long, and any other one.
  private static let keptRequest = (ofStream: 768, ofAnswer: 4096)
  /// Bytes that stand for it in the body ledger.
  var reserved = 0
  /// Reading waits for memory; so much is wanted.
  var awaitedMemory = 0
  /// The body streams on: what `request` has is its beginning, what comes later passes `upload`.
  var isStreamed = false
  var upload = ByteQueue()
  /// Bytes of body that came after its beginning.
  var streamedBytes = 0
  /// Reading waits until the backend has taken what is in `upload`.
  var isUploadPaused = false

  // Who asks.
  /// The place of its key in the ring of `settings`, counted from 1; 0 without one.
  var key = 0
  /// The key counts it as running.
  var occupiesKey = false

  // What is counted of it.
  /// The router's own time so far, where it is measured, in nanoseconds.
  var overhead: UInt64 = 0
  /// It counts as a running stream.
  var isStream = false
  /// Tokens of prompt and answer, where a stream has said so.
  var tokens = (input: UInt32(0), output: UInt32(0))

  // The attempt.
  var destination = Destination.unresolved
  /// The generation of the table in which `destination` was looked up.
  var routedBy: UInt64 = 0
  /// The entry of the model that was asked for, in that table; -1 without one.
  var askedEntry = -1
  /// How many of its fallbacks the exchange has gone on to.
  var fallback = 0
  var tried = TriedBackends()
  /// Its place among those that wait for a backend.
  var ticket = RequestQueue.Ticket.none
  /// How long it has waited there so far, in nanoseconds: up to when it last left.
  var waited: UInt64 = 0
  /// The session belongs to another backend than the one that is asked.
  var isSessionBroken = false
  /// The backend of the current or last attempt, pinned: tables may change meanwhile.
  var record: BackendRecord?

  // The response.
  var status = 0
  var committedAt: UInt64 = 0
  /// What the client's machine hadn't taken when the client's time to take something began.
  var untaken = 0
  var outcome = AccessRecord.Outcome.complete
  var failureCode: StaticString = ""
  /// Only a RST can tell the client that something is missing.
  var endsWithReset = false
  /// How much was looked at for a new response's id, and the end of that: it may have begun there.
  var soughtBytes = 0
  var soughtTail = ByteQueue()
  /// It asks for a tunnel.
  var isTunnel = false
  /// The router ends it, not its backend.
  var isShutDown = false
  /// A stream's head went out before its content: it says nothing of who answers, and whatever
  /// follows has to fit it.
  var isHeadOut = false
  /// Its client has left, with all that there was to have.
  var isSatisfied = false
  /// It has taken from the retry budget.
  var hasRetried = false
  private let inPlace = InPlace()

  /// What stands in a connection until a request comes.
  init(settings: ProxySettings, limits: HTTP1Limits) {
    machine = ExchangeMachine(furtherCandidates: settings.retry.attempts)
    self.settings = settings
    decoder = ChunkedDecoder(limits: limits)
  }

  /// It is over: nothing of it is left but a little memory, and the next one may come.
  @inline(__always)
  mutating func renew(settings: ProxySettings, limits: HTTP1Limits) {
    // The next one's request is likely to be as short as this one's.
    var memory = ByteQueue()
    memory.reuse(&request, upTo: Self.keptRequest.ofStream)
    // Taken away first, so that the new one is made where it lies, and not elsewhere and moved.
    _ = consume self
    self = Exchange(settings: settings, limits: limits)
    request.reuse(&memory, upTo: Self.keptRequest.ofStream)
  }

  /// A request has come: what holds now is pinned.
  ///
  /// - Parameter serial: from 1.
  mutating func begin(serial: UInt64, at now: UInt64, settings: ProxySettings) {
    self.serial = serial
    startedAt = now
    if self.settings === settings { return }
    self.settings = settings
    machine = ExchangeMachine(furtherCandidates: settings.retry.attempts)
  }

  /// Keeps a request's head, and what it says.
  ///
  /// - Parameters:
  ///   - head: what was parsed.
  ///   - bytes: what has come, from the head's first byte.
  ///   - table: its fields.
  @inline(__always)
  mutating func keep(
    _ head: RequestHead,
    _ bytes: UnsafeRawBufferPointer,
    _ table: borrowing HeadTable
  ) {
    request.makeRoom(Self.firstRoom(head, bytes))
    request.append(UnsafeRawBufferPointer(rebasing: bytes[..<head.length]))
    headLength = head.length
    framing = head.framing
    method = head.method
    // A later one of the client's is served as the latest that we know (RFC 9110 section 2.5).
    minorVersion = min(head.minorVersion, 1)
    // An HTTP/1.0 client's body may have to be delimited by the close: it gets one request.
    keepsAlive = head.isKeepAlive && head.minorVersion >= 1
    target = head.target
    owesContinue = head.expectsContinue
    if let id = table.first(.xRequestID),
      RequestIDSource.isSafe(UnsafeRawBufferPointer(rebasing: bytes[id.value.range]))
    {
      requestID = id.value
    }
    route = PathTable.route(UnsafeRawBufferPointer(rebasing: bytes[head.path.range]))
  }

  /// Room for a head, and for its body where that has come with it.
  private static func firstRoom(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> Int {
    guard case .length(let length) = head.framing, length <= bytes.count - head.length else {
      return head.length
    }
    return head.length + length
  }

  /// Where a request is to go, as one table says it.
  enum Destination {
    /// It wasn't looked up yet.
    case unresolved
    /// To a backend that has the model: an entry of that table, and of no other one.
    case entry(Int)
    /// To the backend for models that nobody has.
    case defaultBackend
    /// To the backend that has made what the request is about.
    case owner(ResponseOwners.Owner)
    /// Nowhere any more: no backend has the model since the table has changed.
    case gone
  }

  /// The router's own time is measured for one exchange in so many: reading the clock within a tick
  /// costs as much as all other counting.
  private static let sampling: UInt64 = 8

  /// The router's own time is measured for this one.
  var isSampled: Bool { serial % Self.sampling == 0 }

  /// Notes how many events with content have come by now.
  ///
  /// - Returns: how many are new, and the time since the last one that was there before; nil when
  ///   there is nothing to measure.
  mutating func noteEvents(_ count: Int, at now: UInt64) -> (new: Int, gap: UInt64)? {
    let new = count - eventCount
    guard new > 0 else { return nil }
    let former = lastEventAt
    eventCount = count
    lastEventAt = now
    return former == 0 ? nil : (new, now &- former)
  }

  /// What is known of the path, if it is routed.
  var service: Service {
    switch route {
    case .routed(let service, _): return service
    case .stored: return Service(.responses, .responses)
    case .tunnel: return Service(.realtime)
    default: return Service(.other)
    }
  }

  /// A request may be sent again after its body went out: at worst, tokens are generated twice.
  var mayBeRepeated: Bool {
    if case .stored = route { return method == .get }
    return service.isRepeatable
  }

  /// What passes is the answer to a request that has a backend make, and perhaps store, a response.
  var isNewResponse: Bool {
    guard case .routed(let service, _) = route, service.family == .responses else { return false }
    return (200...299).contains(status)
  }

  /// The request is for a backend, and its body goes with it.
  var isForwarded: Bool {
    switch route {
    case .routed: method == .post
    case .stored: true
    default: false
    }
  }

  /// How the answer's events look.
  var family: WireFamily { service.wire }

  /// The request may be sent to another backend although one has had it.
  var isRepeatable: Bool { machine.isReplayable }

  /// The last byte of the body has come.
  var isBodyWhole: Bool {
    switch framing {
    case .none, .untilClose: true
    case .length(let length): receivedBody == length
    case .chunked: decoder.isEnded
    }
  }

  /// The last byte of a body that doesn't stream on has come.
  var isHeldBodyWhole: Bool { !isStreamed && isBodyWhole }

  /// The request names a model.
  var isModelNamed: Bool { askedModel != nil || modelRange != nil }

  /// It names its model more than once: another one's name would stand in one of the places only.
  var isModelRepeated: Bool { isQueryModelRepeated || peek.isModelRepeated }

  /// Where the model's name stands in `request`.
  var modelRange: Range<Int>? {
    if let movedModel { return movedModel }
    guard let range = peek.modelRange else { return nil }
    return (headLength + range.lowerBound)..<(headLength + range.upperBound)
  }

  /// Has the request name another model: the bytes of the name change, and nothing else.
  ///
  /// A body may grow by `ModelName`'s limit in its spelling, which the ledger doesn't count.
  ///
  /// - Parameters:
  ///   - name: the other one, spelled as the body's grammar wants it.
  ///   - asked: what the client has asked for.
  mutating func nameModel(_ name: [UInt8], asked: [UInt8]) {
    guard let range = modelRange else { return }
    if askedModel == nil { askedModel = asked }
    request.replace(range, with: name)
    growth += name.count - range.count
    movedModel = range.lowerBound..<(range.lowerBound + name.count)
  }

  /// Takes the model's name out of the query: there is no body that has one.
  mutating func nameQueryModel(_ name: [UInt8], isRepeated: Bool) {
    askedModel = name
    isQueryModelRepeated = isRepeated
  }

  /// Gives a large body's memory back; the head and the model's name stay, for the access record.
  ///
  /// - Parameter spares: where a large block goes.
  mutating func dropBody(into spares: inout SpareBlocks) {
    upload.removeAll()
    let worth = isStream ? Self.keptRequest.ofStream : Self.keptRequest.ofAnswer
    guard requestBytes == 0, request.count > worth else { return }
    var kept = ByteQueue()
    kept.makeRoom(headLength + (modelRange?.count ?? 0))
    kept.append(head)
    if let modelRange {
      kept.append(UnsafeRawBufferPointer(rebasing: request.bytes[modelRange]))
      movedModel = headLength..<kept.count
    }
    requestBytes = request.count + streamedBytes - growth
    request.removeAll(into: &spares)
    request.take(&kept)
  }

  /// The body as it has come so far, decoded.
  var body: UnsafeRawBufferPointer {
    guard let start = request.bytes.baseAddress, bodyCount > 0 else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    // SAFETY: `headLength` is less than the request's length here.
    return UnsafeRawBufferPointer(start: start + headLength, count: bodyCount)
  }

  /// How much of the body has come so far, decoded; a streamed one's later parts aren't counted.
  var bodyCount: Int { max(0, request.count - headLength) }

  /// How much of it has come in all, as its client has sent it.
  var receivedBody: Int { bodyCount + streamedBytes - growth }

  /// How much of a body of known length hasn't come yet.
  var missingBody: Int { bodyLength - receivedBody }

  /// Keeps the first bytes of a body.
  ///
  /// - Parameters:
  ///   - bytes: what has come with the head.
  ///   - length: of all of it.
  ///   - room: how much memory it is to have.
  mutating func beginBody(
    _ bytes: UnsafeRawBufferPointer,
    length: Int,
    room: Int,
    from spares: inout SpareBlocks
  ) {
    bodyLength = length
    request.makeRoom(room, from: &spares)
    request.append(bytes)
  }

  /// Room for the body was reserved before it is read, or is to be waited for.
  mutating func noteReservation(_ bytes: Int, _ account: BodyLedger.Account, isDone: Bool) {
    self.account = account
    if isDone { reserved += bytes } else { awaitedMemory = bytes }
  }

  /// Looks for the model in what has come of the body.
  mutating func peekModel(isComplete: Bool) { peek.scan(body, isComplete: isComplete) }

  /// The body streams on: what has come is scanned, and what comes will be, piece by piece.
  mutating func beginPieces() { peek.beginPieces(behind: body) }

  /// All of a streamed body has been scanned.
  mutating func endPieces() { peek.endPieces(at: receivedBody) }

  /// All of a held body is here.
  mutating func endBody() {
    bodyLength = bodyCount
    peekModel(isComplete: true)
  }

  /// It has something of what all exchanges share, or waits for it.
  var holdsAnything: Bool {
    hasClaim || ticket != .none || occupiesKey || hasRetried
  }

  /// It has memory of the body ledger, or waits for some.
  var hasClaim: Bool { reserved > 0 || awaitedMemory > 0 }

  /// The request's head as it came.
  var head: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: request.bytes.baseAddress, count: min(headLength, request.count))
  }
}
