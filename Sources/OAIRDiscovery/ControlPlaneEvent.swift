public import OAIRRouting

/// What happens in the control plane, for a log.
public enum ControlPlaneEvent: Sendable {
  /// A discoverer found a backend, and the registry did this with it.
  case found(Backend, by: String, RegistrationOutcome)
  /// A discoverer's backend is no longer there.
  case lost(id: String, by: String)
  /// A discoverer saw something that it doesn't use.
  case skipped(DiscoverySkip, by: String)
  /// A discoverer watches this from now on.
  case watching(String, by: String)
  /// A discoverer has told everything that was there at the beginning.
  case listed(String)
  /// A discoverer can't find what it should.
  ///
  /// Told once, until `recovered` says of the same that it's over; about nil: an event, which
  /// doesn't end.
  case troubled(String, reason: String, about: String?)
  /// A discoverer's trouble is over.
  case recovered(String, about: String)
}
