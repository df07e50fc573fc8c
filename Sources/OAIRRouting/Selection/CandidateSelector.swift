/// Chooses the backend of an attempt: the session's, or whom the balancing policy says.
///
/// Owns what policies remember. A value of its reactor, which asks it for each attempt and tells it
/// of every new table. Policies are told apart by a `switch`, so that each is compiled into its
/// place; only a custom one is called through a reference.
public struct CandidateSelector: Sendable {
  /// How is chosen among equals.
  public let policy: BalancingPolicy
  /// Choices of a custom policy that weren't among its candidates.
  public private(set) var strayChoices: UInt64 = 0
  private var roundRobin = RoundRobin()
  /// It may look at the best tier alone, and needs no list of those that may be chosen.
  @usableFromInline let isQuick: Bool

  /// Nothing was chosen yet.
  public init(_ policy: BalancingPolicy) {
    self.policy = policy
    isQuick = policy == .firstHealthy || policy == .leastInFlight
  }

  /// Goes on with a new table.
  public mutating func adopt(_ newer: RouteTable, after older: RouteTable) {
    if policy == .roundRobin { roundRobin.adopt(newer, after: older) }
  }

  /// Chooses.
  ///
  /// - Parameters:
  ///   - entry: the model, an entry of the table.
  ///   - table: the table that was adopted last.
  ///   - request: what is known of it.
  ///   - inFlight: requests in flight by slot, for every slot of the table.
  ///   - random: where ties and pairs are drawn from.
  ///   - isExcluded: what the caller knows beyond the table, given a candidate's index: one that
  ///     was tried, has refused since the table was made, or doesn't have the path.
  /// - Returns: what was found.
  @inlinable
  public mutating func choose(
    _ entry: Int,
    of table: RouteTable,
    for request: RequestFacts,
    inFlight: InFlightCounts,
    random: inout some RandomNumberGenerator,
    isExcluded: (Int) -> Bool
  ) -> CandidateChoice {
    if isQuick, request.session == 0,
      let index = chooseQuickly(table.bestTier(entry), table, inFlight, &random, isExcluded)
    {
      return .chosen(index, breaksSession: false)
    }
    return chooseAmongAll(entry, table, request, inFlight, &random, isExcluded)
  }

  /// Chooses where the best tier alone doesn't decide.
  @usableFromInline
  mutating func chooseAmongAll(
    _ entry: Int,
    _ table: RouteTable,
    _ request: RequestFacts,
    _ inFlight: InFlightCounts,
    _ random: inout some RandomNumberGenerator,
    _ isExcluded: (Int) -> Bool
  ) -> CandidateChoice {
    let candidates = table.candidates(entry)
    if request.session != 0 {
      return WeightedRendezvous.pick(
        request,
        candidates,
        ranks: table.ranks(entry),
        facts: table.facts,
        inFlight: inFlight,
        isExcluded: isExcluded
      )
    }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, candidates.count)) {
      scratch in
      let tier = CandidateTier.collect(
        candidates,
        ranks: table.ranks(entry),
        facts: table.facts,
        inFlight: inFlight,
        into: scratch,
        isExcluded: isExcluded
      )
      guard tier.count > 0 else { return tier.isFull ? .full : .none }
      let eligible = UnsafeBufferPointer(rebasing: scratch[..<tier.count])
      let index = balance(eligible, entry, table, request, inFlight, &random)
      return index.map { .chosen($0, breaksSession: false) } ?? .none
    }
  }

  /// What a candidate has in hand when turns are taken: with its weight added, the richest of those
  /// that may be tried is chosen.
  ///
  /// For explanations; 0 for other policies.
  ///
  /// - Parameters:
  ///   - position: of the candidate among those of its model.
  ///   - entry: the model, an entry of the table that was adopted last.
  package func credit(_ position: Int, entry: Int, of table: RouteTable) -> Int {
    Int(roundRobin.credit(at: table.firstCandidate(entry) + position))
  }

  /// Says whether there is somebody to choose, without choosing: nobody's turn is taken, and a
  /// custom policy isn't asked.
  ///
  /// - Parameters: as those of `choose`.
  /// - Returns: what `choose` would return now, though perhaps another one of those it may choose.
  public func look(
    _ entry: Int,
    of table: RouteTable,
    for request: RequestFacts,
    inFlight: InFlightCounts,
    isExcluded: (Int) -> Bool
  ) -> CandidateChoice {
    let candidates = table.candidates(entry)
    if request.session != 0 {
      return WeightedRendezvous.pick(
        request,
        candidates,
        ranks: table.ranks(entry),
        facts: table.facts,
        inFlight: inFlight,
        isExcluded: isExcluded
      )
    }
    let best = table.bestTier(entry)
    if let index = FirstHealthy.pick(
      best,
      facts: table.facts,
      inFlight: inFlight,
      isExcluded: isExcluded
    ) {
      return .chosen(index, breaksSession: false)
    }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, candidates.count)) {
      scratch in
      let tier = CandidateTier.collect(
        candidates,
        ranks: table.ranks(entry),
        facts: table.facts,
        inFlight: inFlight,
        into: scratch,
        isExcluded: isExcluded
      )
      guard tier.count > 0 else { return tier.isFull ? .full : .none }
      return .chosen(Int(scratch[0]), breaksSession: false)
    }
  }

  /// Without a look at all candidates, where the policy can do so.
  @inlinable
  func chooseQuickly(
    _ tier: UnsafeBufferPointer<Int32>,
    _ table: RouteTable,
    _ inFlight: InFlightCounts,
    _ random: inout some RandomNumberGenerator,
    _ isExcluded: (Int) -> Bool
  ) -> Int? {
    switch policy {
    case .leastInFlight:
      LeastInFlight.sample(
        tier,
        facts: table.facts,
        inFlight: inFlight,
        random: &random,
        isExcluded: isExcluded
      )
    case .firstHealthy:
      FirstHealthy.pick(tier, facts: table.facts, inFlight: inFlight, isExcluded: isExcluded)
    case .roundRobin, .custom: nil
    }
  }

  private mutating func balance(
    _ eligible: UnsafeBufferPointer<Int32>,
    _ entry: Int,
    _ table: RouteTable,
    _ request: RequestFacts,
    _ inFlight: InFlightCounts,
    _ random: inout some RandomNumberGenerator
  ) -> Int? {
    switch policy {
    case .leastInFlight: break
    case .firstHealthy: return Int(eligible[0])
    case .roundRobin:
      return roundRobin.pick(
        eligible,
        of: table.candidates(entry),
        startingAt: table.firstCandidate(entry),
        facts: table.facts
      )
    case .custom(let policy):
      let candidates = PolicyCandidates(eligible, of: table, entry: entry, inFlight: inFlight)
      if let position = policy.choose(request, candidates) {
        if eligible.indices.contains(position) { return Int(eligible[position]) }
        strayChoices += 1
      }
    }
    return LeastInFlight.pick(eligible, facts: table.facts, inFlight: inFlight, random: &random)
  }
}
