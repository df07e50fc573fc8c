/// Chooses candidates in turn, each as often as its weight says, and spread as evenly as that goes:
/// with weights 5, 1, 1 it is a a b a c a a, not a a a a a b c.
///
/// Each candidate earns its weight with every choice; the richest one is chosen, and pays what all
/// have earned together. So credits stay within the sum of the weights, and after as many choices
/// as that sum everybody is where he began.
///
/// Owns a credit for every model and backend of the table. A value of its reactor, which asks it
/// for each attempt, and tells it of every new table. A choice looks at all candidates.
public struct RoundRobin: Sendable {
  /// In the order of the table's candidates.
  private var credits: [Int64] = []

  /// Nobody has had a turn yet.
  public init() {}

  /// Goes on with a new table: who has had his turn there hasn't got it again.
  public mutating func adopt(_ newer: RouteTable, after older: RouteTable) {
    var moved = [Int64](repeating: 0, count: newer.candidateCount)
    for entry in 0..<newer.entryCount {
      guard let former = older.entry(named: newer, entry) else { continue }
      let start = newer.firstCandidate(entry)
      let formerStart = older.firstCandidate(former)
      let formerCandidates = older.candidates(former)
      var position = 0
      // Both are in the order of their ids.
      for (offset, candidate) in newer.candidates(entry).enumerated() {
        let id = newer.backends[Int(candidate)].record.id
        while position < formerCandidates.count,
          older.backends[Int(formerCandidates[position])].record.id < id
        {
          position += 1
        }
        guard position < formerCandidates.count,
          older.backends[Int(formerCandidates[position])].record.id == id,
          formerStart + position < credits.count
        else { continue }
        moved[start + offset] = credits[formerStart + position]
      }
    }
    credits = moved
  }

  /// What a candidate has earned and not paid yet: the richest of those that may be tried is next.
  ///
  /// - Parameter place: where it stands in the table's candidates.
  func credit(at place: Int) -> Int64 { credits.indices.contains(place) ? credits[place] : 0 }

  /// Picks whose turn it is.
  ///
  /// - Parameters:
  ///   - eligible: some of `candidates`, in the same order.
  ///   - candidates: all of the model's, indices into `facts`.
  ///   - start: where the first of them stands in the table's candidates.
  ///   - facts: the table's facts.
  /// - Returns: an index into `facts`; nil when nobody is eligible.
  public mutating func pick(
    _ eligible: UnsafeBufferPointer<Int32>,
    of candidates: UnsafeBufferPointer<Int32>,
    startingAt start: Int,
    facts: UnsafeBufferPointer<CandidateFacts>
  ) -> Int? {
    precondition(start + candidates.count <= credits.count, "the table wasn't adopted")
    var chosen = -1
    var chosenPosition = -1
    var earned: Int64 = 0
    var position = 0
    for candidate in eligible {
      while candidates[position] != candidate { position += 1 }
      let weight = Int64(facts[Int(candidate)].weight)
      earned += weight
      credits[start + position] += weight
      if chosen < 0 || credits[start + position] > credits[chosenPosition] {
        chosen = Int(candidate)
        chosenPosition = start + position
      }
    }
    guard chosen >= 0 else { return nil }
    credits[chosenPosition] -= earned
    return chosen
  }
}
