/// Narrows candidates to those that stand first by `CandidateRank` and have room.
///
/// Pure; runs on the reactor for each attempt.
public struct CandidateTier: Equatable {
  /// How many candidates were written.
  public private(set) var count = 0
  /// None was, but only for want of room: waiting helps.
  public private(set) var isFull = false

  /// Copies the best tier's candidates into scratch memory.
  ///
  /// One that is at its bound counts as absent, so that the next tier helps out. Suspects don't do
  /// so as long as somebody better is there: that one is waited for.
  ///
  /// - Parameters:
  ///   - candidates: indices into `facts`.
  ///   - ranks: their ranks, in the same order.
  ///   - facts: the table's facts.
  ///   - inFlight: requests in flight by slot.
  ///   - scratch: room for at least `candidates.count` indices.
  ///   - isExcluded: what the caller knows beyond the table, given a candidate's index: one that
  ///     was tried, or has refused since the table was made.
  /// - Returns: what was found.
  public static func collect(
    _ candidates: UnsafeBufferPointer<Int32>,
    ranks: UnsafeBufferPointer<Int64>,
    facts: UnsafeBufferPointer<CandidateFacts>,
    inFlight: InFlightCounts,
    into scratch: UnsafeMutableBufferPointer<Int32>,
    isExcluded: (Int) -> Bool
  ) -> CandidateTier {
    precondition(scratch.count >= candidates.count && ranks.count == candidates.count)
    var tier = CandidateTier()
    var best = CandidateRank.unusable
    var bestFull = CandidateRank.unusable
    for position in candidates.indices {
      let rank = ranks[position]
      guard rank < CandidateRank.unusable, rank <= best else { continue }
      let index = Int(candidates[position])
      if isExcluded(index) { continue }
      if facts[index].isFull(inFlight) {
        bestFull = min(bestFull, rank)
        continue
      }
      if rank < best {
        best = rank
        tier.count = 0
      }
      scratch[tier.count] = candidates[position]
      tier.count += 1
    }
    if best >= CandidateRank.firstSuspect, bestFull < CandidateRank.firstSuspect { tier.count = 0 }
    tier.isFull = tier.count == 0 && bestFull < CandidateRank.unusable
    return tier
  }
}
