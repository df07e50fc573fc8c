/// What one run has measured.
public struct RunFigures: Codable, Equatable, Sendable {
  /// How long was measured.
  public var seconds: Double
  /// Right answers that the percentiles are of.
  public var requests: Int
  /// Right answers per second.
  public var requestsPerSecond: Double
  /// Content events of streams per second.
  public var eventsPerSecond: Double
  /// Bytes of answers' bodies per second.
  public var bytesPerSecond: Double
  /// From the moment a request was due until its answer was complete.
  public var latency: Distribution?
  /// From the moment a request was due until the first content of its stream.
  public var firstEvent: Distribution?
  /// Between two content events of a stream.
  public var interEvent: Distribution?
  /// From the moment at which an event was sent until it was here, where events tell.
  public var delivery: Distribution?
  /// Open loop: how late requests were sent; a part of their latency.
  public var sendLag: Distribution?
  /// Requests that failed.
  public var errors: Int
  /// The same by their kind.
  public var errorsByKind: [String: Int]
  /// Answers by their status, those of other statuses than 2xx.
  public var statuses: [String: Int]
  /// Connections that were opened in place of others, warm-up included.
  public var reconnects: Int
  /// Answers to slow readers, which the other figures leave out where not all are slow.
  public var slowRequests: Int
  /// Open loop: the most requests that waited for a connection.
  public var backlogPeak: Int
  /// Share of one core that the load generator's thread took.
  public var generatorShare: Double
  /// What the watched processes used.
  public var process: ProcessFigures?

  enum CodingKeys: String, CodingKey {
    case seconds = "duration_s"
    case requests
    case requestsPerSecond = "requests_per_s"
    case eventsPerSecond = "events_per_s"
    case bytesPerSecond = "bytes_per_s"
    case latency = "latency_us"
    case firstEvent = "ttft_us"
    case interEvent = "inter_event_us"
    case delivery = "delivery_us"
    case sendLag = "send_lag_us"
    case errors
    case errorsByKind = "errors_by_kind"
    case statuses, reconnects
    case slowRequests = "slow_requests"
    case backlogPeak = "backlog_peak"
    case generatorShare = "generator_cpu_share"
    case process
  }
}

/// What the watched processes used in the measured time, all together.
public struct ProcessFigures: Codable, Equatable, Sendable {
  /// Share of one core; above 1 with several threads.
  public var cpuShare: Double
  /// How much of it was spent in the kernel, 0 to 1.
  public var systemShare: Double
  /// CPU time of one answer, in microseconds.
  public var perRequest: Double?
  /// CPU time of one content event, in microseconds.
  public var perEvent: Double?
  /// Resident memory at the end, in bytes.
  public var resident: Int
  /// The most that was seen in the measured time, looked at every 100 ms, in bytes.
  public var residentPeak: Int

  enum CodingKeys: String, CodingKey {
    case cpuShare = "cpu_share"
    case systemShare = "cpu_system_share"
    case perRequest = "cpu_per_request_us"
    case perEvent = "cpu_per_event_us"
    case resident = "rss_bytes"
    case residentPeak = "rss_peak_bytes"
  }
}
