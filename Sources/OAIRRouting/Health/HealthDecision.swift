/// What follows from an event.
public struct HealthDecision: Equatable, Sendable {
  /// The state after it.
  public var state: BackendState
  /// True when the state, or the reason for it, is another one than before.
  public var hasChanged: Bool
  /// True when the backend became ready after it had been unknown, loading or down: its models
  /// may be others now.
  public var hasReturned: Bool
  /// True when the event asks for a probe ahead of its time.
  public var probesNow: Bool
  /// When the next probe is due, on the clock that the machine was given.
  public var nextProbe: UInt64
}
