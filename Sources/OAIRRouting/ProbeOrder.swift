/// What the registry wants to be looked at, now.
public struct ProbeOrder: Sendable, Equatable {
  /// The backend, its kind as far as it is known.
  public var backend: Backend
  /// The record's slot: goes back with the report.
  public var slot: Int
  /// The record's incarnation: goes back with the report.
  public var incarnation: UInt64
  /// Ask whether it is healthy.
  public var checksHealth: Bool
  /// Ask for its models.
  public var listsModels: Bool
  /// How long either may take, in nanoseconds.
  public var timeout: UInt64

  /// Makes an order by hand; the registry makes its own.
  public init(
    backend: Backend,
    slot: Int,
    incarnation: UInt64,
    checksHealth: Bool,
    listsModels: Bool,
    timeout: UInt64
  ) {
    self.backend = backend
    self.slot = slot
    self.incarnation = incarnation
    self.checksHealth = checksHealth
    self.listsModels = listsModels
    self.timeout = timeout
  }
}

/// What came of asking for a backend's health.
public enum ProbeOutcome: Sendable, Equatable {
  /// Answered as a healthy server does.
  case succeeded
  /// Failed so.
  case failed(ProbeFailure)
}

/// What is due at a moment.
public struct ProbeRound: Sendable, Equatable {
  /// What to look at now.
  public var orders: [ProbeOrder]
  /// When something is due again, on the registry's clock; nil when nothing is.
  public var nextDue: UInt64?
}
