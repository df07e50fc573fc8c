public import OAIRRouting

/// How backends are chosen, and what happens when each of them is busy.
public struct SelectionOptions: Sendable, Equatable {
  /// How one of several equals is chosen.
  public var balance = BalancingPolicy.leastInFlight
  /// Which field names a request's session; nil: sessions don't matter.
  public var sessionHeader: String?
  /// LIMIT: requests that wait for a place at one time, of all models; more are answered 503.
  ///
  /// 0: nobody waits.
  ///
  /// How long they wait is `ProxyTimeouts.queue`.
  public var queue = 256

  /// The field that names a session when sessions matter and nothing else is said.
  public static let defaultSessionHeader = "X-Session-ID"
  /// The greatest `queue`.
  public static let greatestQueue = 1_000_000

  /// The defaults.
  public init() {}
}
