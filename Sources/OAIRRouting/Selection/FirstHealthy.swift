/// Chooses the first candidate in the order of the ids: the others only get what it can't take.
///
/// Pure; runs on the reactor for each attempt.
public struct FirstHealthy {
  /// Picks the first one.
  ///
  /// - Parameters:
  ///   - tier: indices into `facts`, of one tier.
  ///   - facts: the table's facts.
  ///   - inFlight: requests in flight by slot.
  ///   - isExcluded: whether the caller knows better than to use it.
  /// - Returns: an index into `facts`; nil when each is excluded or at its bound.
  @inlinable
  public static func pick(
    _ tier: UnsafeBufferPointer<Int32>,
    facts: UnsafeBufferPointer<CandidateFacts>,
    inFlight: InFlightCounts,
    isExcluded: (Int) -> Bool
  ) -> Int? {
    for candidate in tier {
      let index = Int(candidate)
      if !facts[index].isFull(inFlight), !isExcluded(index) { return index }
    }
    return nil
  }
}
