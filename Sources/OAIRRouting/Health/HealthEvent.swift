/// What a health machine is told.
public enum HealthEvent: Hashable, Sendable {
  /// A probe was answered as a healthy server answers.
  case probeSucceeded
  /// A probe failed.
  case probeFailed(ProbeFailure)
  /// The data plane saw something.
  case signal(BackendSignal.Kind)
  /// Its container died, or its name no longer resolves.
  case gone
  /// It is to get nothing new.
  case drainRequested
  /// It is to be used again.
  case drainCancelled
  /// Nothing happened, but time went on.
  case timePassed
}

/// How a probe failed.
public enum ProbeFailure: Hashable, Sendable {
  /// Nobody listens there.
  case refused
  /// There is no way to the host, or it doesn't exist.
  case unreachable
  /// No complete answer within the deadline.
  case timedOut
  /// The connection ended before the answer did.
  case closed
  /// An answer that says that the server isn't well.
  case status(Int)
  /// It says that its model isn't loaded yet.
  case loading
  /// What came back isn't HTTP, or isn't what such a server answers.
  case malformed
}
