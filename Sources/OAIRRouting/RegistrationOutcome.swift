/// What became of a registration.
public enum RegistrationOutcome: Equatable, Sendable {
  /// It is a backend of its own now.
  case registered
  /// It replaced an older registration with its id.
  case updated
  /// It is an engine that is registered already, under the id that counts.
  case merged(into: String)
  /// It wasn't taken; the reason in plain words.
  case refused(String)
}
