/// Why a backend isn't ready, for people.
public enum HealthDoubt: Hashable, Sendable, CustomStringConvertible {
  /// A probe failed so.
  case probe(ProbeFailure)
  /// A request's connection was refused.
  case refusedRequest
  /// A request's connection didn't stand in time.
  case connectTimedOut
  /// Requests were answered with failures; the last status.
  case statusFailures(Int)
  /// It went away.
  case gone

  /// One clause without a final stop.
  public var description: String {
    switch self {
    case .probe(.refused): "the probe's connection was refused"
    case .probe(.unreachable): "there is no route to its address"
    case .probe(.timedOut): "probes got no answer in time"
    case .probe(.closed): "it closed the probe's connection without an answer"
    case .probe(.status(let status)): "its probe was answered with status \(status)"
    case .probe(.loading): "it is loading its model"
    case .probe(.malformed): "its probe's answer was no valid HTTP answer"
    case .refusedRequest: "a request's connection was refused"
    case .connectTimedOut: "a connection to it took too long"
    case .statusFailures(let status):
      "it answered \(HealthPolicy.statusFailures) requests in a row with failures, the last with "
        + "status \(status)"
    case .gone: "it went away"
    }
  }
}
