/// What the data plane saw of a backend while it served requests; sent to the registry.
public struct BackendSignal: Sendable, Equatable {
  /// The record's slot.
  public var slot: Int
  /// The record's incarnation: signals of a predecessor are dropped.
  public var incarnation: UInt64
  /// Grows by one for each signal of a reactor; tables say which was applied last.
  public var sequence: UInt64
  /// What was seen.
  public var kind: Kind

  /// Makes a signal.
  ///
  /// - Parameters:
  ///   - slot: the record's slot.
  ///   - incarnation: the record's incarnation.
  ///   - sequence: greater than that of every earlier signal.
  ///   - kind: what was seen.
  public init(slot: Int, incarnation: UInt64, sequence: UInt64, kind: Kind) {
    self.slot = slot
    self.incarnation = incarnation
    self.sequence = sequence
    self.kind = kind
  }

  /// What was seen.
  public enum Kind: Sendable, Hashable {
    /// The connection was refused, or the host is unreachable: a fact.
    case refused
    /// The connection was reset before its response was complete.
    case reset
    /// No connection within its deadline.
    case connectTimedOut
    /// No first byte or no further byte within its deadline.
    case timedOut
    /// The connection ended inside a response.
    case truncated
    /// A stream told of an error in an event of its own: some engines do so when they die.
    case errorEvent
    /// An answer of 500…599; any other status counts as a sign of life.
    case statusFailure(Int)
    /// A response came to its end.
    case success
    /// Bytes of a response came in; sent at most four times per probe interval.
    case bytesSeen
  }
}
