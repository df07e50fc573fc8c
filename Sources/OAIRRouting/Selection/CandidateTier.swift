/// Narrows candidates to those that stand first by evidence: every backend that may be tried counts
/// before every suspect one (a suspect is for when nothing better is there), and within that the
/// lowest priority tier.
///
/// Pure; runs on the reactor for each attempt.
public struct CandidateTier {
  /// Copies the best tier's candidates into scratch memory.
  ///
  /// - Parameters:
  ///   - candidates: indices into `facts`.
  ///   - facts: the table's facts.
  ///   - state: the state to go by, given a candidate's index: the table's, or what the caller
  ///     knows better (a refusal that the table doesn't include yet). A candidate that was tried
  ///     already is reported as `.down`.
  ///   - scratch: room for at least `candidates.count` indices.
  /// - Returns: how many indices were written; 0 when none may be tried.
  public static func collect(
    _ candidates: UnsafeBufferPointer<Int32>,
    facts: UnsafeBufferPointer<CandidateFacts>,
    into scratch: UnsafeMutableBufferPointer<Int32>,
    state: (Int) -> BackendState
  ) -> Int {
    precondition(scratch.count >= candidates.count)
    var count = 0
    var best = Int64.max
    for candidate in candidates {
      let rank = rank(state(Int(candidate)), priority: facts[Int(candidate)].priority)
      guard rank < .max, rank <= best else { continue }
      if rank < best {
        best = rank
        count = 0
      }
      scratch[count] = candidate
      count += 1
    }
    return count
  }

  private static func rank(_ state: BackendState, priority: Int32) -> Int64 {
    switch state {
    case .ready, .unknown: Int64(priority)
    case .suspect: Int64(priority) + (1 << 33)
    case .loading, .down, .draining: .max
    }
  }
}
