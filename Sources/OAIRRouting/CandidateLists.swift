/// The candidates of all models of a table, as plain numbers in three blocks.
///
///     candidates   model 0: 0 2 3 | model 1: 1 3 | …      indices of backends, by id
///     ranks                 0 1 0 |          0 0 | …      what evidence says of each
///     tiers                 0 3   |          1 3 | …      those that nobody outranks
///
/// Made and freed by its route table, which never changes it.
struct CandidateLists {
  /// Where one model's candidates stand.
  private struct Span {
    var start: Int32
    var count: Int32
    /// How many are in the best tier.
    var tierCount: Int32
  }

  // SAFETY: all four are filled in init, only read afterwards, and freed by `deallocate`.
  private let spans: UnsafeMutableBufferPointer<Span>
  private let indices: UnsafeMutableBufferPointer<Int32>
  private let rankTable: UnsafeMutableBufferPointer<Int64>
  private let tiers: UnsafeMutableBufferPointer<Int32>

  init(_ entries: [ModelEntry], _ backends: [RouteBackend]) {
    // An alias has the candidates of its model, at the same place.
    let total = entries.map { $0.firstCandidate + $0.candidates.count }.max() ?? 0
    spans = .allocate(capacity: entries.count)
    indices = .allocate(capacity: total)
    rankTable = .allocate(capacity: total)
    tiers = .allocate(capacity: total)
    indices.initialize(repeating: 0)
    rankTable.initialize(repeating: CandidateRank.unusable)
    tiers.initialize(repeating: 0)
    for (number, entry) in entries.enumerated() {
      let start = entry.firstCandidate
      let ranks = zip(entry.candidates, entry.isCold).map { candidate, isCold in
        let backend = backends[Int(candidate)]
        let priority = Int32(backend.record.priority)
        return CandidateRank.of(backend.state, priority: priority, isCold: isCold)
      }
      let best = ranks.min() ?? CandidateRank.unusable
      var tierCount = 0
      for (offset, candidate) in entry.candidates.enumerated() {
        indices[start + offset] = candidate
        rankTable[start + offset] = ranks[offset]
        guard ranks[offset] == best, best < CandidateRank.unusable else { continue }
        tiers[start + tierCount] = candidate
        tierCount += 1
      }
      let count = Int32(entry.candidates.count)
      spans.initializeElement(
        at: number,
        to: Span(start: Int32(start), count: count, tierCount: Int32(tierCount))
      )
    }
  }

  func deallocate() {
    spans.deallocate()
    indices.deallocate()
    rankTable.deallocate()
    tiers.deallocate()
  }

  /// How many there are, of all models.
  var count: Int { indices.count }

  func start(_ entry: Int) -> Int { Int(spans[entry].start) }

  func candidates(_ entry: Int) -> UnsafeBufferPointer<Int32> {
    let span = spans[entry]
    return Self.slice(indices, span.start, span.count)
  }

  func ranks(_ entry: Int) -> UnsafeBufferPointer<Int64> {
    let span = spans[entry]
    return Self.slice(rankTable, span.start, span.count)
  }

  func bestTier(_ entry: Int) -> UnsafeBufferPointer<Int32> {
    let span = spans[entry]
    return Self.slice(tiers, span.start, span.tierCount)
  }

  private static func slice<Element>(
    _ block: UnsafeMutableBufferPointer<Element>,
    _ start: Int32,
    _ count: Int32
  ) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(rebasing: UnsafeBufferPointer(block)[Int(start)..<Int(start + count)])
  }
}
