/// The runs of one invocation: what `--json` prints, `--record` writes and `--compare` reads.
public struct BenchReport: Codable, Equatable, Sendable {
  /// The version of the form; a reader refuses others.
  public static let currentVersion = 1

  /// One target and its rounds.
  public struct Target: Codable, Equatable, Sendable {
    /// As it was given on the command line.
    public var url: String
    /// What each round measured.
    public var rounds: [RunFigures]

    /// Makes a target's part of a report.
    public init(url: String, rounds: [RunFigures]) {
      self.url = url
      self.rounds = rounds
    }

    /// A figure over the rounds that have it; nil when none has.
    public func series(_ metric: Metric) -> Series? {
      Series(rounds.compactMap { metric.value(in: $0) })
    }

    /// Requests that failed, in all rounds, by kind.
    public var errorsByKind: [String: Int] {
      rounds.reduce(into: [:]) { sum, run in sum.merge(run.errorsByKind, uniquingKeysWith: +) }
    }

    /// Answers of other statuses than 2xx, in all rounds.
    public var statuses: [String: Int] {
      rounds.reduce(into: [:]) { sum, run in sum.merge(run.statuses, uniquingKeysWith: +) }
    }

    /// Right answers in all rounds, those to slow readers included.
    public var requests: Int { rounds.reduce(0) { $0 + $1.requests + $1.slowRequests } }

    /// Requests that failed, in all rounds.
    public var errors: Int { rounds.reduce(0) { $0 + $1.errors } }

    /// Whether there is anything to report: right answers, or streams that go on without errors.
    public var hasAnswers: Bool {
      requests > 0 || errors == 0 && rounds.contains { $0.eventsPerSecond > 0 }
    }

    /// Failed requests as a share of all.
    var errorShare: Double {
      requests + errors == 0 ? 0 : Double(errors) / Double(requests + errors)
    }
  }

  /// What a fake backend did, in the words of the options that make it.
  public struct Mock: Codable, Equatable, Sendable {
    /// Content tokens of its answers.
    public var tokens: Int
    /// Its time to the first token, in seconds.
    public var timeToFirstToken: Double
    /// Its time between two tokens, in seconds.
    public var interTokenLatency: Double
    /// The fault that requests meet; nil for none.
    public var fault: String?

    /// Names what it did.
    public init(
      tokens: Int,
      timeToFirstToken: Double,
      interTokenLatency: Double,
      fault: String? = nil
    ) {
      self.tokens = tokens
      self.timeToFirstToken = timeToFirstToken
      self.interTokenLatency = interTokenLatency
      self.fault = fault
    }

    enum CodingKeys: String, CodingKey {
      case tokens, fault
      case timeToFirstToken = "ttft_s"
      case interTokenLatency = "itl_s"
    }
  }

  /// `currentVersion` of whoever wrote it.
  public var version = BenchReport.currentVersion
  /// What was sent.
  public var workload: Workload
  /// The fake backend's options; nil where there was none, or by a program that didn't tell.
  public var mock: Mock?
  /// One target, or two that were measured in turn.
  public var targets: [Target]

  /// Makes a report.
  public init(workload: Workload, mock: Mock? = nil, targets: [Target]) {
    self.workload = workload
    self.mock = mock
    self.targets = targets
  }

  /// The first target's figure divided by the second one's, round by round, since neighbours in
  /// time share their noise; nil with one target, or where a round hasn't it.
  public func ratio(_ metric: Metric) -> Series? {
    pairs(metric) { first, second in second == 0 ? nil : first / second }
  }

  /// The first target's figure less the second one's: what a router adds to a direct run.
  public func difference(_ metric: Metric) -> Series? {
    pairs(metric) { first, second in first - second }
  }

  private func pairs(_ metric: Metric, _ combine: (Double, Double) -> Double?) -> Series? {
    guard targets.count == 2 else { return nil }
    return Series(
      zip(targets[0].rounds, targets[1].rounds).compactMap { first, second in
        guard let a = metric.value(in: first), let b = metric.value(in: second) else { return nil }
        return combine(a, b)
      }
    )
  }
}
