public import OAIRRouting

/// Where a request would go, and why: what `RouteExplainer` found out.
public struct RouteExplanation: Sendable {
  /// One backend that has the model.
  public struct Candidate: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// Its state, as routing takes it.
    public var state: BackendState
    /// True when it may be tried now, ahead of those that may not.
    public var isEligible: Bool
    /// Why it is chosen, or isn't, in plain words.
    public var reason: String
    /// Requests at work there.
    public var inFlight: Int
    /// Its share.
    public var weight: Int
    /// Its tier: lower ones first.
    public var priority: Int
    /// Requests at a time; 0 means no bound.
    public var maxInFlight: Int
  }

  /// The answer that the request would get without being sent anywhere.
  public struct Refusal: Sendable, Equatable {
    /// The status.
    public var status: Int
    /// The stable name of the error.
    public var code: String
    /// What happened, why, and what to do.
    public var message: String
  }

  /// The model that is asked for; nil when none is named.
  public var model: String?
  /// The model whose backends are looked at: another one for an alias, or a fallback.
  public var servedModel: String?
  /// Those that have the model, or may have the stored response, in the order of their ids.
  public var candidates: [Candidate] = []
  /// What decides among those that may be tried: a balancing policy's name, `session`,
  /// `stored response`, `default backend`; nil when nobody may be.
  public var decidedBy: String?
  /// The id of the one that would get the request.
  public var chosen: String?
  /// Each one that could be asked is at its `max_in_flight`: the request would wait for a place.
  public var waits = false
  /// Set when nobody would, now or later.
  public var refusal: Refusal?
}
