public import OAIRSys

/// What is sent, how fast and for how long: two runs can be compared when theirs are equal.
public struct Workload: Codable, Equatable, Sendable {
  /// What a request's body is.
  public enum Body: Codable, Equatable, Sendable {
    /// None: a GET.
    case none
    /// One message, the same in each request; the body has so many bytes.
    case text(bytes: Int)
    /// Conversations of many messages with escapes and code, each sent once; `model` comes last.
    ///
    /// The bodies have about so many bytes; nil: from one to some dozens of KiB.
    case chat(bytes: Int?)
  }

  /// The path that is asked, from the server's root.
  public var path = "/v1/chat/completions"
  /// What is sent.
  public var body = Body.text(bytes: 1024)
  /// Whether answers are streams.
  public var isStreaming = false
  /// The most tokens that an answer may have, 1 or more.
  public var maxTokens = 256
  /// Connections at one time, 1 to `BenchLimits.connections`.
  public var connections = 16
  /// Requests per second, in all; nil: each connection sends as soon as it has its answer.
  public var rate: Double?
  /// Seconds that are measured, more than 0.
  public var seconds = 10.0
  /// Seconds before that, which aren't.
  public var warmUpSeconds = 1.0
  /// Seconds over which the connections begin.
  public var rampSeconds = 0.0
  /// Whether each request has a connection of its own; a stream's is closed at its end marker.
  public var isChurning = false
  /// Bytes per second that a slow reader reads; nil: nobody is slow.
  public var readRate: Int?
  /// How many connections are slow readers, if any is; nil: all.
  public var slowReaders: Int?
  /// Data events that each stream has, its end marker included; nil: any number.
  public var expectedEvents: Int?
  /// Whether events say when they were sent (`StampScanner`).
  public var hasStamps = false
  /// Seconds that one request may take.
  public var timeoutSeconds = 60.0

  /// Plain requests over 16 connections.
  public init() {}

  enum CodingKeys: String, CodingKey {
    case path, body, connections, rate
    case isStreaming = "streaming"
    case maxTokens = "max_tokens"
    case seconds = "duration_s"
    case warmUpSeconds = "warm_up_s"
    case rampSeconds = "ramp_s"
    case isChurning = "churn"
    case readRate = "read_rate_bytes_s"
    case slowReaders = "slow_readers"
    case expectedEvents = "expected_events"
    case hasStamps = "stamps"
    case timeoutSeconds = "timeout_s"
  }

  /// What is wrong with it, in words for who has asked for it; nil: nothing.
  ///
  /// - Parameters:
  ///   - descriptorLimit: descriptors that this process may have.
  ///   - perConnection: how many each connection takes: 2 where the other end is in this process.
  public func problem(descriptorLimit: Int, perConnection: Int = 1) -> String? {
    if connections < 1 || connections > BenchLimits.connections {
      return "--connections must be 1 to \(BenchLimits.connections)"
    }
    let needed = connections * perConnection + BenchLimits.spareDescriptors
    if needed > descriptorLimit {
      return "\(connections) connections need \(needed) descriptors, and this process may have "
        + "\(descriptorLimit): raise 'ulimit -n'"
    }
    if seconds <= 0 || seconds > BenchLimits.seconds {
      return "--duration must be more than 0s and at most 1h"
    }
    if warmUpSeconds > BenchLimits.seconds { return "--warm-up must be at most 1h" }
    if rampSeconds > warmUpSeconds + seconds {
      return "--ramp must not be longer than --warm-up and --duration together"
    }
    if let rate, !(rate >= BenchLimits.leastRate && rate <= BenchLimits.rate) {
      return "--rate must be \(BenchLimits.leastRate) to \(Int(BenchLimits.rate)) requests per "
        + "second"
    }
    if !(timeoutSeconds > 0 && timeoutSeconds <= 2 * BenchLimits.seconds) {
      return "--timeout must be more than 0s and at most 2h"
    }
    return bodyProblem ?? readerProblem
  }

  private var bodyProblem: String? {
    if !path.hasPrefix("/") || path.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
      return "a path begins with '/' and has no spaces, such as /v1/chat/completions"
    }
    switch body {
    case .none:
      return isStreaming ? "--get and --stream exclude each other: a stream needs a POST" : nil
    case .text(let bytes), .chat(bytes: let bytes?):
      guard bytes < RequestBody.smallest || bytes > BenchLimits.body else { return nil }
      return "a body has \(RequestBody.smallest) bytes to \(BenchLimits.body >> 20) MiB"
    case .chat(bytes: nil): return nil
    }
  }

  private var readerProblem: String? {
    if let readRate, readRate < 1 || readRate > BenchLimits.readRate {
      return "--read-rate must be 1 B to \(BenchLimits.readRate >> 30) GiB per second"
    }
    if let slowReaders {
      guard readRate != nil else { return "--slow-readers needs --read-rate" }
      guard slowReaders >= 1, slowReaders <= connections else {
        return "--slow-readers must be 1 to the number of connections"
      }
    }
    if expectedEvents != nil, !isStreaming { return "--expect-events needs --stream" }
    if hasStamps, !isStreaming { return "--stamps needs --stream" }
    if let expectedEvents, expectedEvents < 0 || expectedEvents > BenchLimits.events {
      return "--expect-events must be 0 to \(BenchLimits.events)"
    }
    return maxTokens < 1 || maxTokens > BenchLimits.events
      ? "--max-tokens must be 1 to \(BenchLimits.events)" : nil
  }

  /// Whether a connection is one of the slow readers.
  ///
  /// - Parameter number: from 0.
  func isSlow(_ number: Int) -> Bool { readRate != nil && number < (slowReaders ?? connections) }

  /// Whether the figures leave the slow readers out: when there are others.
  var leavesOutSlow: Bool { readRate != nil && (slowReaders ?? connections) < connections }
}

/// Whom the requests go to.
public struct BenchTarget: Sendable {
  /// Where it listens.
  public var address: SocketAddress
  /// What the Host field says.
  public var authority: String
  /// Goes before the workload's path.
  public var prefix: String
  /// Models that are asked for in turn, at least one.
  public var models: [String]
  /// Further fields of each request, as `Name: value`.
  public var fields: [String]
  /// Processes whose CPU time and memory are watched, all together.
  public var processes: [Int32]

  /// Makes a target without further fields and processes.
  public init(address: SocketAddress, authority: String, prefix: String = "", models: [String]) {
    self.address = address
    self.authority = authority
    self.prefix = prefix
    self.models = models
    fields = []
    processes = []
  }
}
