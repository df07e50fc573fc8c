/// When a backend is doubted, given up and taken back.
///
/// The first four can be configured; the others are the thresholds of the documented behaviour.
public struct HealthPolicy: Sendable, Equatable {
  /// Time between probes of a backend that answers, in nanoseconds.
  public let interval: UInt64
  /// How long a probe may take, in nanoseconds.
  public let timeout: UInt64
  /// Probes in a row that must fail before it counts.
  ///
  /// By timeout they make `suspect`, by a bad answer `down`. A refusal counts at once.
  public let failures: Int
  /// Probes in a row that must succeed before a backend that was given up or doubted is `ready`.
  public let successes: Int
  /// What was asked for and can't be, if anything: the nearest value that can stands in.
  public let problem: Problem?

  /// A value that is out of its range.
  public struct Problem: Sendable, Equatable {
    /// The option's last part: `interval`, `timeout`, `failures`, `successes`.
    public let option: String
    /// What it should be.
    public let text: String
  }

  /// Answers of 500…599 in a row, without a success between them, that make a backend `suspect`.
  public static let statusFailures = 5
  /// How long answers of 500…599 make suspect the first time; doubled each time.
  public static let suspicion = Duration.seconds(5)
  /// How long they do so at most.
  ///
  /// A backend that stayed ready for as long starts anew.
  public static let longestSuspicion = Duration.seconds(60)
  /// Time between probes while a backend isn't up, in the first minute.
  public static let fastInterval = Duration.milliseconds(100)
  /// How long probes come fast; counted anew each time that a backend goes away.
  public static let fastPeriod = Duration.seconds(60)
  /// Where the time between probes of a backend that stays away stops growing.
  public static let slowInterval = Duration.seconds(2)
  /// Times between probes vary by so much up or down, so that probes of many backends, or of many
  /// routers, don't come in step.
  public static let jitterPercent = 10

  /// Makes a policy.
  ///
  /// - Parameters:
  ///   - interval: time between probes, 100 ms to 1 h.
  ///   - timeout: how long a probe may take, 1 ms to 1 min.
  ///   - failures: failures in a row, 1 to 100.
  ///   - successes: successes in a row, 1 to 100.
  public init(
    interval: Duration = .seconds(5),
    timeout: Duration = .seconds(2),
    failures: Int = 2,
    successes: Int = 1
  ) {
    self.interval = Self.clamp(interval, Self.intervals).nanoseconds
    self.timeout = Self.clamp(timeout, Self.timeouts).nanoseconds
    self.failures = Self.clamp(failures, Self.counts)
    self.successes = Self.clamp(successes, Self.counts)
    problem =
      if !Self.intervals.contains(interval) {
        Problem(option: "interval", text: "must be 100ms to 1h")
      } else if !Self.timeouts.contains(timeout) {
        Problem(option: "timeout", text: "must be 1ms to 1m")
      } else if !Self.counts.contains(failures) {
        Problem(option: "failures", text: "must be 1 to 100, not \(failures)")
      } else if !Self.counts.contains(successes) {
        Problem(option: "successes", text: "must be 1 to 100, not \(successes)")
      } else {
        nil
      }
  }

  /// How often the data plane tells of a backend that it sent bytes, at most, in nanoseconds.
  ///
  /// A quarter of the interval: what was seen last may be so much younger than what was told last.
  public var bytesReportInterval: UInt64 { interval / 4 }

  /// How long bytes speak for a backend, counted to the end of a probe that timed out: those of the
  /// interval before the probe went out count, as do those that came while it waited.
  var bytesLifetime: UInt64 { interval + bytesReportInterval + timeout }

  private static let intervals = fastInterval...Duration.seconds(3600)
  private static let timeouts = Duration.milliseconds(1)...Duration.seconds(60)
  private static let counts = 1...100

  private static func clamp<Value: Comparable>(
    _ value: Value,
    _ range: ClosedRange<Value>
  ) -> Value {
    min(max(value, range.lowerBound), range.upperBound)
  }
}
