/// A registered backend as people ask for it: status pages, admin answers, logs.
public struct BackendSnapshot: Sendable, Equatable {
  /// What is known of it; `kind` as found out, or as last found out while it is down, `models` as
  /// listed.
  public var backend: Backend
  /// Its state.
  public var state: BackendState
  /// How long it has been so.
  public var stateAge: Duration
  /// Why it isn't ready, in plain words.
  public var lastError: String?
  /// True while it is to get nothing new; `state` shows that it is down, if it is.
  public var isDraining: Bool
  /// Ids of other registrations that turned out to be the same engine.
  public var mergedIDs: [String]
  /// The index of its counters.
  public var slot: Int
  /// Tells it apart from other users of the slot.
  public var incarnation: UInt64
  /// True when its models are known: listed, or given.
  public var isListed: Bool
  /// The time until its health is asked for again; zero while that is under way.
  public var nextProbe: Duration
  /// Its engine's version, as far as it has told.
  public var version: EngineVersion?
}
