public import OAIRHTTP1

/// Every bound of the data plane: what it bounds, its unit, and what happens beyond it.
///
/// Bounds that a user may set are fields with their defaults; the others are constants.
public struct ProxyLimits: Sendable, Equatable {
  /// Heads, fields, request lines, chunk framing: the parser's bounds (431, 414, 400).
  public var http = HTTP1Limits()
  /// A request body, in bytes (413 request_too_large).
  public var body = 64 << 20
  /// All request bodies that are held at one time, in bytes; beyond it reading waits for
  /// `ProxyTimeouts.queue` (503 body_memory_exhausted).
  public var bodiesTotal = 256 << 20
  /// A body up to so many bytes is held whole, to be sent again where that may be; a longer one
  /// streams on as soon as its model is known, and is sent once.
  public var replay = 8 << 20
  /// Bytes that wait for a slow client before reading from its backend pauses.
  public var writeQueue = 64 << 10
  /// Client connections at one time; further ones wait in the kernel's backlog.
  ///
  /// nil: half of the descriptor limit, less 64.
  public var connections: Int?

  /// The defaults.
  public init() {}

  /// Bytes of a head, its empty last line included (431).
  public var head: Int {
    get { http.head }
    set { http.head = newValue }
  }
  /// Field lines in a head (431).
  public var fields: Int {
    get { http.fields }
    set { http.fields = newValue }
  }
  /// Bytes of a request line (414).
  public var requestLine: Int {
    get { http.requestLine }
    set { http.requestLine = newValue }
  }

  /// The least `bodiesTotal` with which every body that is accepted gets its room in the end: one
  /// that is held whole, or a step of one that grows, beside the share that is kept for one to
  /// finish, and the small bodies' eighth.
  public var leastBodiesTotal: Int {
    let shares = body + max(min(replay, body), Self.reservationStep)
    return shares / 7 * 8 + 8
  }

  /// Bytes of a response that are held back: an incomplete event, or events without content before
  /// the first one that has some.
  ///
  /// Beyond it they pass as they come.
  public static let heldResponse = 64 << 10
  /// Bytes of an error's body that are looked at for what it says: a 404, of the path or the model;
  /// a 400, of a prompt that is too long.
  static let errorBody = 4 << 10
  /// The same with its chunk framing, while it isn't whole.
  static let errorBodyFramed = 4 * errorBody
  /// Bytes of an answer in which the id of a new response is looked for.
  static let responseIDSearch = 4 << 10
  /// How long a backend that doesn't have a path isn't asked for it.
  static let unservedNanoseconds: UInt64 = 600_000_000_000
  /// Bytes taken by one read.
  static let readSize = 64 << 10
  /// Bytes taken by the read in which a request begins.
  ///
  /// What it brings of a body is there before its memory was asked for, and stays while it waits.
  static let firstRead = 16 << 10
  /// A held body's reservation is extended when less than so many bytes of it are left.
  static let smallestRead = 4 << 10
  /// Reads from one connection in one tick, before the others get their turn.
  static let readsPerTurn = 4
  /// Bytes of request bodies read and written in one tick, over all connections: a thousand uploads
  /// together keep nobody else waiting for longer than these take.
  static let bulkPerTick = 256 << 10
  /// The same while others are served, who have no bulk.
  static let bulkBesideOthers = 32 << 10
  /// How long they count as being there.
  static let othersNanoseconds: UInt64 = 100_000_000
  /// Bytes of spare blocks that are kept for the next large bodies.
  static let spareMemory = 64 << 20
  /// How long spare blocks are kept without use, before one is given back; then the next.
  static let sparesNanoseconds: UInt64 = 1_000_000_000
  /// How long after a connection's end it is looked whether a peak of them is over.
  static let calmNanoseconds: UInt64 = 10_000_000_000
  /// What a pipelined request counts for among them: whoever sends thousands at once waits.
  static let pipelinedCost = 16 << 10
  /// Connections accepted from one listener in one tick.
  static let acceptsPerTick = 16
  /// Pause of a listener when descriptors have run out.
  static let acceptPauseNanoseconds: UInt64 = 100_000_000
  /// How long a worker leaves to others what they wait for, when it is their turn.
  static let turnNanoseconds: UInt64 = 1_000_000
  /// Bytes of a streamed upload that wait for its backend before reading from its client pauses.
  static let uploadWindow = 64 << 10
  /// A chunked upload reserves memory in steps of so many bytes.
  static let reservationStep = 1 << 20
  /// How long a connection that is closed with an error is read for the client's rest, so that a
  /// RST doesn't destroy the answer (RFC 9112 section 9.6).
  static let lingerNanoseconds: UInt64 = 1_000_000_000
  /// How many bytes of that rest are read: clients like Python's send all of a body before they
  /// look for an answer.
  static let lingerBytes = 128 << 20
  /// A stream's head that its backend has sent goes out alone after so long without content, so
  /// that clients that bound their wait for a head are kept.
  static let earlyHeadNanoseconds: UInt64 = 5_000_000_000
  /// The first pause before a backend is asked again that didn't say when; each further one is
  /// twice as long, up to `ProxyTimeouts.queue`.
  static let firstPauseNanoseconds: UInt64 = 500_000_000
  /// A reused connection that closes within this time of its request was idle for too long: its
  /// backend can't have begun to work.
  static let staleCloseNanoseconds: UInt64 = 250_000_000
  /// A request that has come through this router so many times goes round in circles (508).
  static let hops = 8
  /// The part of all connections to backends that may work for clients that have left.
  static let leftoverShare = 8
  /// Idle connections that are kept to one backend.
  static let idlePerBackend = 1024
  /// Looks at the metrics whose text is being made at one time.
  static let metricsOrders = 8
  /// A client's `X-Request-ID` is taken over up to so many characters.
  static let requestID = 128
}

/// Every deadline of the data plane.
public struct ProxyTimeouts: Sendable, Equatable {
  /// A request head must be complete so long after its first byte (408).
  public var head = Duration.seconds(10)
  /// Longest pause within a request body (408).
  public var bodyIdle = Duration.seconds(30)
  /// How long a request waits for memory or for a place at a backend (503).
  public var queue = Duration.seconds(30)
  /// A connection to a backend must stand within (next candidate).
  public var connect = Duration.seconds(2)
  /// From the request's last byte to the response head, or to the first content of a stream (504).
  public var firstByte = Duration.seconds(600)
  /// From the request's last byte to the first content of a stream, when it is shorter than
  /// `firstByte` (next candidate); zero for none.
  public var firstToken = Duration.zero
  /// Longest silence of a backend after content began (the stream ends with an error frame).
  public var idle = Duration.seconds(300)
  /// Comments in a stream don't count as a sign of life; events do.
  public var idleStrict = false
  /// Longest time that a client may take nothing of what waits for it (cut).
  public var write = Duration.seconds(60)
  /// How long a client's idle connection is kept.
  public var keepAlive = Duration.seconds(60)
  /// How long an idle connection to a backend is kept: less than vLLM's 5 s, which it closes
  /// without announcement.
  public var upstreamIdle = Duration.seconds(4)
  /// Longest time in which nothing passes through a tunnel, either way; then it ends.
  public var tunnelIdle = Duration.seconds(300)
  /// How long `/readyz` says that it drains before the listeners close, so that a load balancer
  /// sends nobody any more when they do; zero or more.
  public var drainDelay = Duration.zero
  /// How long streams may go on after a drain began.
  public var drain = Duration.seconds(30)

  /// The defaults.
  public init() {}
}

/// How often a request may be tried again before its first byte went to the client.
public struct RetryOptions: Sendable, Equatable {
  /// Further candidates after the first, 0 or more.
  public var attempts = 2
  /// How many retries after statuses, errors inside a stream and timeouts a hundred requests pay
  /// for, 0 or more.
  public var budgetPercent = 20
  /// Whether a backend that took too long to answer, and may still be working, counts as failed:
  /// another one is asked then.
  public var onTimeout = false
  /// Whether a backend that answers 429, 500 or 503 is asked again after a pause, when nobody else
  /// is there to ask.
  ///
  /// The pause is its `Retry-After`, if that is no longer than `ProxyTimeouts.queue`, else 0.5 s,
  /// 1 s, 2 s and so on.
  public var sameBackend = false

  /// The defaults.
  public init() {}
}

extension Duration {
  /// Whole nanoseconds, not negative, at most 292 years.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0 else { return 0 }
    guard seconds < 9_000_000_000 else { return 9_000_000_000_000_000_000 }
    return UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
  }
}

/// The timeouts in the reactor's unit, converted once.
struct Deadlines {
  let head, bodyIdle, queue, connect, firstByte, firstToken: UInt64
  let idle, write, keepAlive, upstreamIdle, tunnelIdle, drainDelay, drain: UInt64
  let idleStrict: Bool

  init(_ timeouts: ProxyTimeouts) {
    head = timeouts.head.nanoseconds
    bodyIdle = timeouts.bodyIdle.nanoseconds
    queue = timeouts.queue.nanoseconds
    connect = timeouts.connect.nanoseconds
    firstByte = timeouts.firstByte.nanoseconds
    firstToken = timeouts.firstToken.nanoseconds
    idle = timeouts.idle.nanoseconds
    idleStrict = timeouts.idleStrict
    write = timeouts.write.nanoseconds
    keepAlive = timeouts.keepAlive.nanoseconds
    tunnelIdle = timeouts.tunnelIdle.nanoseconds
    upstreamIdle = timeouts.upstreamIdle.nanoseconds
    drainDelay = timeouts.drainDelay.nanoseconds
    drain = timeouts.drain.nanoseconds
  }
}
