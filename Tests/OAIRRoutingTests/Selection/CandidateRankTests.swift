import OAIRRouting
import Testing

struct CandidateRankTests {
  /// Everything that makes a rank, the best first.
  private static let order: [(BackendState, Int32, Bool)] = [
    (.ready, .min, false), (.ready, .min, true), (.unknown, -1, false), (.ready, 0, false),
    (.unknown, 0, true), (.ready, 1, false), (.ready, .max, true), (.suspect, .min, false),
    (.suspect, 0, true), (.suspect, .max, true),
  ]

  @Test func `evidence comes before tiers, tiers before what is loaded`() {
    let ranks = Self.order.map { CandidateRank.of($0.0, priority: $0.1, isCold: $0.2) }
    #expect(ranks == ranks.sorted() && Set(ranks).count == ranks.count)
  }

  @Test func `suspects are told apart, and the unusable`() {
    for (state, priority, isCold) in Self.order {
      let rank = CandidateRank.of(state, priority: priority, isCold: isCold)
      #expect((rank >= CandidateRank.firstSuspect) == (state == .suspect))
      #expect(rank < CandidateRank.unusable)
    }
    for state in [BackendState.loading, .down, .draining] {
      #expect(CandidateRank.of(state, priority: .min) == CandidateRank.unusable)
    }
  }
}
