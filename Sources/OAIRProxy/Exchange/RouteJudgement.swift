import OAIRReactor
import OAIRRouting
import OAIRWire

// Why a candidate is chosen or isn't, in plain words: the second half of `RouteExplainer`, which
// says for each policy what really decides.

/// What was found out of one request's candidates, and what decides among them.
struct RouteJudgement {
  /// What decides among those that may be tried.
  enum Basis {
    /// The balancing policy, for a model.
    case policy(Int)
    /// The order of a session.
    case session(UInt64)
    /// The response that the request goes on from: its backend.
    case predecessor(Int)
    /// There is no choice.
    case defaultBackend
  }

  let candidates: [Int]
  /// In the same order.
  let ranks: [Int64]
  let chosen: Int?
  let basis: Basis
}

extension Proxy {
  /// Says of each candidate where it stands.
  mutating func judge(
    _ judgement: RouteJudgement,
    _ downstream: Handle,
    _ explanation: inout RouteExplanation
  ) {
    var excluded = ExcludedCandidates(
      tried: downstreams[downstream].exchange.tried,
      family: downstreams[downstream].exchange.service.family,
      facts: table.facts,
      accounts: slots.allAccounts,
      now: reactor.now
    )
    var eligible = self.eligible(judgement, excluded)
    if eligible.isEmpty, judgement.chosen != nil {
      excluded.heedsUnserved = false
      eligible = self.eligible(judgement, excluded)
    }
    explanation.decidedBy = decider(judgement)
    explanation.candidates = judgement.candidates.indices.map { position in
      let index = judgement.candidates[position]
      let isEligible = eligible.contains(index)
      return candidate(
        index,
        isEligible: isEligible,
        isEligible
          ? standing(position, judgement, eligible, excluded.family)
          : exclusion(index, judgement.ranks[position], excluded)
      )
    }
  }

  /// One backend as an explanation shows it.
  func candidate(
    _ index: Int,
    isEligible: Bool,
    _ reason: String
  ) -> RouteExplanation.Candidate {
    let fact = table.facts[index]
    return RouteExplanation.Candidate(
      id: table.backends[index].record.id,
      state: fact.state,
      isEligible: isEligible,
      reason: reason,
      inFlight: Int(slots.inFlight[Int(fact.slot)]),
      weight: Int(fact.weight),
      priority: Int(fact.priority),
      maxInFlight: Int(fact.maxInFlight)
    )
  }

  private func decider(_ judgement: RouteJudgement) -> String? {
    switch judgement.basis {
    case .policy: selector.policy.description
    case .session: "session"
    case .predecessor: "stored response"
    case .defaultBackend: "default backend"
    }
  }

  /// Those that may be tried: of the best tier, or for a session all that have room.
  private func eligible(_ judgement: RouteJudgement, _ excluded: ExcludedCandidates) -> [Int] {
    if case .session = judgement.basis {
      return zip(judgement.candidates, judgement.ranks).filter { index, rank in
        rank < CandidateRank.unusable && !excluded.contains(index)
          && !table.facts[index].isFull(slots.inFlight)
      }.map(\.0)
    }
    var room = [Int32](repeating: 0, count: judgement.candidates.count)
    let tier = judgement.candidates.map { Int32($0) }.withUnsafeBufferPointer { candidates in
      judgement.ranks.withUnsafeBufferPointer { ranks in
        room.withUnsafeMutableBufferPointer { room in
          CandidateTier.collect(
            candidates,
            ranks: ranks,
            facts: table.facts,
            inFlight: slots.inFlight,
            into: room
          ) { excluded.contains($0) }
        }
      }
    }
    return room[..<tier.count].map { Int($0) }
  }

  // MARK: Those that may be tried

  /// How one of those that may be tried stands against the others.
  private func standing(
    _ position: Int,
    _ judgement: RouteJudgement,
    _ eligible: [Int],
    _ family: PathFamily
  ) -> String {
    let index = judgement.candidates[position]
    guard let chosen = judgement.chosen else { return "it may be tried" }
    switch judgement.basis {
    case .predecessor(let owner):
      return index == owner
        ? "chosen: it has made the response that this request goes on from"
        : "the response that this request goes on from was made by \(id(owner))"
    case .session(let session):
      let order = WeightedRendezvous.order(
        session,
        judgement.candidates.filter { serves($0, family) },
        facts: table.facts
      )
      return sessionStanding(index, chosen, order)
    case .defaultBackend: return "chosen: it is the default backend"
    case .policy where eligible.count == 1:
      return "chosen: it is the only one that may be tried now"
    case .policy(let entry): return policyStanding(position, entry, judgement, chosen, eligible)
    }
  }

  private func sessionStanding(_ index: Int, _ chosen: Int, _ order: [Int]) -> String {
    let number = (order.firstIndex(of: index) ?? 0) + 1
    guard index == chosen else { return "number \(number) in the order of this session" }
    guard let own = order.first, own != chosen else {
      return "chosen: it is this session's own"
    }
    return "chosen: number \(number) in the order of this session; \(id(own)) comes first, and "
      + "can't take it now"
  }

  private func policyStanding(
    _ position: Int,
    _ entry: Int,
    _ judgement: RouteJudgement,
    _ chosen: Int,
    _ eligible: [Int]
  ) -> String {
    let index = judgement.candidates[position]
    let isChosen = index == chosen
    switch selector.policy {
    case .leastInFlight: return loadStanding(index, chosen)
    case .firstHealthy:
      return isChosen
        ? "chosen: of those that may be tried its id comes first"
        : "\(id(chosen)) comes first by id"
    case .roundRobin:
      let weight = Int(table.facts[index].weight)
      let credit = selector.credit(position, entry: entry, of: table) + weight
      return isChosen
        ? "chosen: it is its turn, with a credit of \(credit)"
        : "its turn comes later: its credit is \(credit)"
    case .custom(let policy):
      return isChosen ? "chosen by '\(policy.name)'" : "it may be tried; '\(policy.name)' decides"
    }
  }

  private func loadStanding(_ index: Int, _ chosen: Int) -> String {
    let fact = table.facts[index]
    let load = Int(slots.inFlight[Int(fact.slot)])
    let best = table.facts[chosen]
    let bestLoad = Int(slots.inFlight[Int(best.slot)])
    if index == chosen {
      return "chosen: no other one that was looked at has fewer requests in flight for its weight"
    }
    if load * Int(best.weight) == bestLoad * Int(fact.weight) {
      return "as good as the chosen one: a draw decides each time"
    }
    return load * Int(best.weight) > bestLoad * Int(fact.weight)
      ? "more requests in flight for its weight than the chosen one"
      : "not looked at: of more than \(LeastInFlight.exactBound), two are drawn each time"
  }

  private func id(_ index: Int) -> String { table.backends[index].record.id }

  // MARK: Those that may not

  /// Why one can't be tried now, or only after others.
  private func exclusion(
    _ index: Int,
    _ rank: Int64,
    _ excluded: ExcludedCandidates
  ) -> String {
    let backend = table.backends[index]
    let fact = table.facts[index]
    if !serves(index, excluded.family) {
      return "\(backend.record.kind.name) doesn't have this path"
    }
    guard fact.state.isUsable, !excluded.contains(index) else { return trouble(index) }
    if fact.isFull(slots.inFlight) {
      return "it has as many requests as it may have (max_in_flight \(fact.maxInFlight))"
    }
    if fact.state == .suspect { return "suspect: it is asked when no other one can be" }
    return rank == CandidateRank.of(fact.state, priority: fact.priority, isCold: true)
      ? "the model isn't loaded there: those that have it come first"
      : "priority \(fact.priority): a lower one comes first"
  }

  /// What is wrong with one that can't be asked.
  func trouble(_ index: Int) -> String {
    let backend = table.backends[index]
    let fact = table.facts[index]
    if !fact.state.isUsable {
      return backend.lastError.map { "\(fact.state.name): \($0)" } ?? fact.state.name
    }
    let account = slots[Int(fact.slot)]
    return account.refusedBy > fact.acknowledgedSignal
      ? "down: it refused a connection just now" : "it has answered that it doesn't have this path"
  }
}
