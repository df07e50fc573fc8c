public import OAIRSys

/// What a fake backend pretends to be, how fast it is and how it fails.
public struct MockOptions: Sendable {
  /// Where to listen; port 0 takes any free one.
  public var listen = SocketAddress.loopback(port: 0)
  /// Which engine it passes for.
  public var personality = MockPersonality.openai
  /// The models it serves, at least one.
  ///
  /// llama.cpp has one and ignores what a request names.
  public var models = ["mock-model"]
  /// Content tokens of an answer, 0 or more; a request's `max_tokens` is honoured if it is smaller.
  public var tokens = 16
  /// Time from a complete request to its first token; for an answer in one piece, part of the time
  /// to its head.
  public var timeToFirstToken = Duration.zero
  /// Time between two tokens.
  ///
  /// Zero: as fast as the client reads.
  public var interTokenLatency = Duration.zero
  /// Whether the text of each token of a stream is the moment at which it is written: `@ts` and 19
  /// digits, nanoseconds of CLOCK_BOOTTIME.
  ///
  /// A client on the same machine can tell by it how long events were on their way.
  public var stampsTokens = false
  /// The fault that requests meet, unless one brings its own in `X-Mock-Fault`.
  public var fault: MockFault?
  /// Whether ids, times and dates are constants, so that equal requests get equal bytes.
  public var isReproducible = false
  /// Seed of the ids and of the dice that a fault's `rate` throws.
  public var seed: UInt64 = 1
  /// How long an idle connection is kept, in place of the personality's own time.
  public var keepAlive: Duration?
  /// How long the backend loads after its start.
  ///
  /// llama.cpp's port is open meanwhile and answers 503, vLLM's is closed; Ollama loads each model
  /// inside the first request that names it.
  public var loadTime = Duration.zero
  /// How many requests generate at one time; the others wait for their turn.
  ///
  /// nil: all do. vLLM sends the head and the role of a stream meanwhile, llama.cpp nothing.
  public var slots: Int?
  /// How many requests may wait for a slot; further ones are answered 503.
  public var queueLimit = Int.max
  /// Length of the vectors that `/v1/embeddings` answers, 1 or more.
  public var embeddingDimensions = 16
  /// How many of the latest requests are kept for `MockBackend.takeRecordedRequests()`.
  public var recordedRequests = 0
  /// What bounds its memory.
  public var limits = MockLimits()

  /// A fast, healthy OpenAI service with one model, on any free port of 127.0.0.1.
  public init() {}
}

/// Every bound of a fake backend.
///
/// Beyond one it refuses, it never cuts.
public struct MockLimits: Sendable, Equatable {
  /// Connections at one time.
  ///
  /// Further ones are closed at once.
  public var connections = 4096
  /// Bytes of one request body.
  ///
  /// Beyond: 413.
  public var body = 64 << 20
  /// Bytes of all request bodies that are being read or answered.
  ///
  /// Beyond: 503.
  public var heldBodies = 512 << 20
  /// How long a request may stand still before it is complete.
  public var requestIdle = Duration.seconds(30)
  /// How long a client may take nothing of an answer that waits for it.
  public var writeIdle = Duration.seconds(60)
  /// How long a connection is drained after an answer that its client didn't let us wait for, so
  /// that the answer isn't lost to a RST.
  public var lingering = Duration.seconds(1)
  /// How long a server that was asked to end waits for its clients: as long as `docker stop` does
  /// before it kills.
  public var termination = Duration.seconds(10)
  /// Events that one stream writes before the others get their turn.
  public var eventsPerTurn = 64
  /// Reads of one connection before the others get their turn.
  public var readsPerTurn = 16

  /// The defaults.
  public init() {}
}
