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
  ///   - interval: time between probes, at least 100 ms.
  ///   - timeout: how long a probe may take, at least 1 ms.
  ///   - failures: failures in a row, from 1.
  ///   - successes: successes in a row, from 1.
  public init(
    interval: Duration = .seconds(5),
    timeout: Duration = .seconds(2),
    failures: Int = 2,
    successes: Int = 1
  ) {
    self.interval = max(interval, Self.fastInterval).nanoseconds
    self.timeout = max(timeout, .milliseconds(1)).nanoseconds
    self.failures = max(failures, 1)
    self.successes = max(successes, 1)
  }
}
