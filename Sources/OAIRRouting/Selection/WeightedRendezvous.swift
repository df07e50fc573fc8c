import Glibc

/// Gives each session a backend of its own, without a table of sessions: every backend draws a
/// number from the session's hash and its own id, and the highest one wins (Thaler, Ravishankar,
/// "Using name-based mappings to increase hit rates", 1998; with weights: Schindelhauer, Schomaker,
/// "Weighted distributed hash tables", 2005).
///
/// A backend that comes or goes moves the sessions that it wins or had won, and no others. All
/// candidates take part, healthy or not, so that a session comes back to where its cache is. Those
/// of a lower priority tier come before those of a higher one.
///
/// Pure; runs on the reactor for each attempt of a request with a session. Looks at all candidates.
public struct WeightedRendezvous {
  /// Picks the session's backend, or the next in its order that can be used.
  ///
  /// - Parameters:
  ///   - request: with a session.
  ///   - candidates: indices into `facts`.
  ///   - ranks: their ranks, in the same order.
  ///   - facts: the table's facts.
  ///   - inFlight: requests in flight by slot.
  ///   - isExcluded: whether the caller knows better than to use it.
  /// - Returns: what was found; a session is broken when its request goes elsewhere.
  public static func pick(
    _ request: RequestFacts,
    _ candidates: UnsafeBufferPointer<Int32>,
    ranks: UnsafeBufferPointer<Int64>,
    facts: UnsafeBufferPointer<CandidateFacts>,
    inFlight: InFlightCounts,
    isExcluded: (Int) -> Bool
  ) -> CandidateChoice {
    precondition(ranks.count == candidates.count)
    var preferred = Place()
    var usable = Place()
    var bestFull = CandidateRank.unusable
    for position in candidates.indices {
      let index = Int(candidates[position])
      let fact = facts[index]
      guard fact.pathFamilies.contains(request.family) else { continue }
      let score = score(request.session, of: fact)
      preferred.consider(index, CandidateRank.of(.ready, priority: fact.priority), score)
      let rank = CandidateRank.ignoringCold(ranks[position])
      guard rank < CandidateRank.unusable, !isExcluded(index) else { continue }
      if fact.isFull(inFlight) {
        bestFull = min(bestFull, rank)
      } else {
        usable.consider(index, rank, score)
      }
    }
    let waits = usable.rank >= CandidateRank.firstSuspect && bestFull < CandidateRank.firstSuspect
    guard usable.index >= 0, !waits else {
      return bestFull < CandidateRank.unusable ? .full : .none
    }
    return .chosen(usable.index, breaksSession: usable.index != preferred.index)
  }

  /// The order in which backends get a session's requests, whatever their states: the first is its
  /// own, the others stand in.
  ///
  /// For explanations.
  ///
  /// - Parameters:
  ///   - session: the hash of its id.
  ///   - candidates: indices into `facts`.
  ///   - facts: the table's facts.
  package static func order(
    _ session: UInt64,
    _ candidates: [Int],
    facts: UnsafeBufferPointer<CandidateFacts>
  ) -> [Int] {
    candidates.sorted { a, b in
      let (one, other) = (facts[a], facts[b])
      if one.priority != other.priority { return one.priority < other.priority }
      return score(session, of: one) > score(session, of: other)
    }
  }

  /// What a backend has drawn for a session: the highest of numbers that are distributed so that
  /// each wins with its share of the weights.
  static func score(_ session: UInt64, of fact: CandidateFacts) -> Double {
    let hash = StableHash.mix(session ^ fact.identity)
    // 53 bits, in the middle of their step: never 0 and never 1.
    let drawn = (Double(hash >> 11) + 0.5) * 0x1p-53
    return -Double(fact.weight) / log(drawn)
  }

  /// The first in the order so far.
  private struct Place {
    var index = -1
    var rank = CandidateRank.unusable
    var score = 0.0

    mutating func consider(_ index: Int, _ rank: Int64, _ score: Double) {
      guard rank < self.rank || rank == self.rank && score > self.score else { return }
      self.index = index
      self.rank = rank
      self.score = score
    }
  }
}
