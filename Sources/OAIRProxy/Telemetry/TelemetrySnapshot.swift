import OAIRRouting

/// What a data plane has counted by model and backend: a copy for whoever renders metrics.
public struct TelemetrySnapshot: Sendable {
  /// What one backend did for one model.
  public struct Pair: Sendable {
    /// The model's number in `ModelSeries`.
    public let model: Int32
    /// The backend's incarnation; 0 when none was asked, `.max` for all that found no room.
    public let incarnation: UInt64
    /// What was counted.
    public let counts: PairCounts
  }

  /// What was counted of one model, whatever its backends.
  public struct Model: Sendable {
    /// The model's number in `ModelSeries`.
    public let model: Int32
    /// What was counted.
    public let counts: ModelCounts
  }

  /// What isn't about one model or backend.
  public internal(set) var total = TelemetryTotals()
  /// By model and backend.
  public internal(set) var pairs: [Pair] = []
  /// By model.
  public internal(set) var models: [Model] = []
  /// By the backends' slots.
  public internal(set) var backends: [BackendCounts] = []
  /// LIMIT hit: pairs that were counted as others.
  public internal(set) var pairLimit: UInt64 = 0
  /// Streams whose content is on its way.
  public internal(set) var streams = 0
  /// Requests that wait for a place at a backend.
  public internal(set) var queued = 0
  /// Connections to backends, idle ones included.
  public internal(set) var upstreams = 0
}

/// What is counted of a model at one backend.
public struct PairCounts: BitwiseCopyable, Sendable {
  /// Exchanges that ended, by `StatusCodes`.
  public internal(set) var requests = InlineArray<45, UInt64>(repeating: 0)
  /// From a request's first byte to the first content of its stream.
  public internal(set) var firstToken = Histogram()
  /// Tokens of prompts, where streams said so.
  public internal(set) var inputTokens: UInt64 = 0
  /// Tokens generated, where streams said so.
  public internal(set) var outputTokens: UInt64 = 0
  /// Answers that were cut after COMMIT.
  public internal(set) var truncated: UInt64 = 0
  /// Exchanges that their client left.
  public internal(set) var clientsGone: UInt64 = 0
}

/// What is counted of a model, whatever its backends.
public struct ModelCounts: BitwiseCopyable, Sendable {
  var isTouched: UInt64 = 0
  /// From a request's first byte to the end of its exchange.
  public internal(set) var duration = Histogram()
  /// Between two events with content.
  public internal(set) var interEvent = Histogram()
}

/// What is counted of a backend, whatever the models.
public struct BackendCounts: BitwiseCopyable, Sendable {
  /// Which occupant of the slot this is about.
  public let incarnation: UInt64
  /// Attempts that began there.
  public internal(set) var attempts: UInt64 = 0
  /// Attempts that failed, by `FailureReason`.
  public internal(set) var failures = FailureCounts()
}

/// What isn't about one model or backend.
public struct TelemetryTotals: BitwiseCopyable, Sendable {
  /// Requests that the router answered itself.
  public internal(set) var localRequests: UInt64 = 0
  /// Exchanges that ended, by `PathFamily`.
  public internal(set) var families = InlineArray<32, UInt64>(repeating: 0)
  /// Attempts on another backend, by the failure of the one before.
  public internal(set) var failovers = FailureCounts()
  /// Attempts on the same backend, by the failure of the one before.
  public internal(set) var retries = FailureCounts()
  /// The router's own work on a request, of one in `Telemetry.sampling`.
  public internal(set) var overhead = Histogram()
  /// Waiting for a place at a backend.
  public internal(set) var queue = Histogram()
  /// Turns of the loop.
  public internal(set) var loop = Histogram()
}

/// Why an attempt on a backend failed, as metrics name it.
public enum FailureReason: Int, CaseIterable, Sendable {
  /// Nothing was noted.
  case unknown
  /// Refused, unreachable.
  case notConnected
  /// The router had no descriptor left.
  case exhausted
  /// The connection was lost.
  case lost
  /// A deadline passed.
  case timedOut
  /// A status of 5xx or 429.
  case status
  /// An error inside a stream.
  case errorEvent

  /// The word of metrics and logs.
  public var name: String { word.description }

  /// The same, for where nothing may be allocated.
  var word: StaticString {
    switch self {
    case .unknown: "unknown"
    case .notConnected: "not_connected"
    case .exhausted: "exhausted"
    case .lost: "lost"
    case .timedOut: "timed_out"
    case .status: "status"
    case .errorEvent: "error_event"
    }
  }
}

/// A number for each reason.
public struct FailureCounts: BitwiseCopyable, Sendable {
  private var counts = InlineArray<7, UInt64>(repeating: 0)

  /// How often it was for a reason.
  public subscript(reason: FailureReason) -> UInt64 { counts[reason.rawValue] }

  /// Counts one.
  mutating func add(_ reason: FailureReason) { counts[reason.rawValue] &+= 1 }
}
