/// Chooses the candidate with the fewest requests in flight for its weight.
///
/// Exact up to eight candidates, with ties drawn at random in proportion to the weights. Above
/// eight, the better of two random ones: nearly as even (the greatest excess over the mean grows
/// with log log n; Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001), at
/// a cost that doesn't grow with the fleet.
///
/// Pure; runs on the reactor for each attempt. Counters are read where they lie: nothing is
/// allocated, copied or called back.
public struct LeastInFlight {
  /// The most candidates that are all looked at.
  @inlinable public static var exactBound: Int { 8 }
  /// How often `sample` draws.
  @usableFromInline static var draws: Int { 6 }

  /// Picks one of the candidates.
  ///
  /// - Parameters:
  ///   - candidates: indices into `facts`, all of them eligible (see `CandidateTier`).
  ///   - facts: the table's facts.
  ///   - inFlight: requests in flight by slot, each ≥ 0.
  ///   - random: where ties and pairs are drawn from.
  /// - Returns: an index into `facts`; nil when there is no candidate, or each one is at its
  ///   `maxInFlight`.
  public static func pick(
    _ candidates: UnsafeBufferPointer<Int32>,
    facts: UnsafeBufferPointer<CandidateFacts>,
    inFlight: InFlightCounts,
    random: inout some RandomNumberGenerator
  ) -> Int? {
    if candidates.count > exactBound {
      let count = UInt64(candidates.count)
      let first = Int(random.next(upperBound: count))
      // A second one that differs: drawn from the others, then moved over the first.
      var second = Int(random.next(upperBound: count - 1))
      if second >= first { second += 1 }
      var choice = Choice()
      choice.consider(candidates[first], facts, inFlight, &random)
      choice.consider(candidates[second], facts, inFlight, &random)
      if choice.index >= 0 { return Int(choice.index) }
      // Both are full: the fleet is close to its bound, and looking at all finds what is left.
    }
    var choice = Choice()
    for candidate in candidates { choice.consider(candidate, facts, inFlight, &random) }
    return choice.index >= 0 ? Int(choice.index) : nil
  }

  /// Picks one of the best tier where it lies: the exact choice among few, the better of two
  /// random ones without a look at the others among many.
  ///
  /// - Parameters:
  ///   - tier: indices into `facts`, of one tier.
  ///   - facts: the table's facts.
  ///   - inFlight: requests in flight by slot, each ≥ 0.
  ///   - random: where pairs are drawn from.
  ///   - isExcluded: whether the caller knows better than to use it.
  /// - Returns: an index into `facts`; nil when none of few can be used, or when `draws` draws
  ///   among many don't give two that can: then it's worth to look at all tiers.
  @inlinable @inline(__always)
  public static func sample(
    _ tier: UnsafeBufferPointer<Int32>,
    facts: UnsafeBufferPointer<CandidateFacts>,
    inFlight: InFlightCounts,
    random: inout some RandomNumberGenerator,
    isExcluded: (Int) -> Bool
  ) -> Int? {
    var choice = Choice()
    guard tier.count > exactBound else {
      for candidate in tier where !isExcluded(Int(candidate)) {
        choice.consider(candidate, facts, inFlight, &random)
      }
      return choice.index >= 0 ? Int(choice.index) : nil
    }
    var first: Int32 = -1
    for _ in 0..<draws {
      let candidate = tier[Int(random.next(upperBound: UInt64(tier.count)))]
      let index = Int(candidate)
      if candidate == first || facts[index].isFull(inFlight) || isExcluded(index) { continue }
      choice.consider(candidate, facts, inFlight, &random)
      if first >= 0 { return Int(choice.index) }
      first = candidate
    }
    return nil
  }

  /// The best candidate so far, and the weight of all that are as good.
  @usableFromInline
  struct Choice {
    @usableFromInline var index: Int32 = -1
    @usableFromInline var load: Int64 = 0
    @usableFromInline var weight: Int64 = 1
    @usableFromInline var tiedWeight: Int64 = 0

    @inlinable
    init() {}

    @inlinable
    mutating func consider(
      _ candidate: Int32,
      _ facts: UnsafeBufferPointer<CandidateFacts>,
      _ inFlight: InFlightCounts,
      _ random: inout some RandomNumberGenerator
    ) {
      let fact = facts[Int(candidate)]
      if fact.isFull(inFlight) { return }
      let itsLoad = Int64(inFlight[Int(fact.slot)])
      let itsWeight = Int64(fact.weight)
      // itsLoad / itsWeight against load / weight, without division.
      let its = itsLoad &* weight, best = load &* itsWeight
      if index < 0 || its < best {
        index = candidate
        load = itsLoad
        weight = itsWeight
        tiedWeight = itsWeight
      } else if its == best {
        // Reservoir sampling: each of the tied ends up chosen with its share of their weight.
        tiedWeight &+= itsWeight
        if random.next(upperBound: UInt64(tiedWeight)) < UInt64(itsWeight) {
          index = candidate
          load = itsLoad
          weight = itsWeight
        }
      }
    }
  }
}
