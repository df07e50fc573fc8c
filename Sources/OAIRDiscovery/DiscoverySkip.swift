/// Something that a discoverer saw and doesn't use.
public struct DiscoverySkip: Sendable, Equatable {
  /// What it is: a container's name, an address.
  public var subject: String
  /// Why it isn't used, and what to do if it should be, in plain words.
  public var reason: String
  /// True when nothing speaks for it being an inference server: no news on a machine where other
  /// things run too.
  public var isUnrelated: Bool

  /// Describes what was seen.
  public init(_ subject: String, reason: String, isUnrelated: Bool = false) {
    self.subject = subject
    self.reason = reason
    self.isUnrelated = isUnrelated
  }
}
