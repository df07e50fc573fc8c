import OAIRRouting
import Testing

struct CandidateTierTests {
  /// Who is in the tier, and whether waiting helps.
  private func collect(
    _ states: [BackendState],
    priorities: [Int32]? = nil,
    full: Set<Int> = [],
    excluded: Set<Int> = []
  ) -> (tier: [Int32], isFull: Bool) {
    let facts = states.indices.map { index in
      CandidateFacts(slot: Int32(index), maxInFlight: full.contains(index) ? 2 : 3)
    }
    let ranks = states.indices.map { CandidateRank.of(states[$0], priority: priorities?[$0] ?? 0) }
    var scratch = [Int32](repeating: -1, count: states.count)
    let inFlight = [Int32](repeating: 2, count: max(1, states.count))
    let tier = Array(0..<Int32(states.count)).withUnsafeBufferPointer { candidates in
      facts.withUnsafeBufferPointer { facts in
        ranks.withUnsafeBufferPointer { ranks in
          scratch.withUnsafeMutableBufferPointer { scratch in
            withCounts(inFlight) { inFlight in
              CandidateTier.collect(
                candidates,
                ranks: ranks,
                facts: facts,
                inFlight: inFlight,
                into: scratch
              ) { excluded.contains($0) }
            }
          }
        }
      }
    }
    return (Array(scratch.prefix(tier.count)), tier.isFull)
  }

  @Test func `ready and unknown ones stand together before suspect ones`() {
    #expect(collect([.suspect, .ready, .down, .unknown, .loading, .draining]) == ([1, 3], false))
    #expect(collect([.suspect, .down, .suspect]) == ([0, 2], false))
  }

  @Test func `nothing is left when none may be tried`() {
    #expect(collect([.down, .loading, .draining]) == ([], false))
    #expect(collect([]) == ([], false))
  }

  @Test func `the lowest tier comes first, but no suspect before a ready one of any tier`() {
    #expect(collect([.ready, .ready, .ready], priorities: [2, 1, 1]) == ([1, 2], false))
    #expect(collect([.suspect, .ready], priorities: [.min, .max]) == ([1], false))
    #expect(collect([.suspect, .suspect], priorities: [.max, .min]) == ([1], false))
    #expect(collect([.down, .ready], priorities: [0, 5]) == ([1], false))
  }

  @Test func `the caller's knowledge counts beside the table's`() {
    #expect(collect([.ready, .ready], excluded: [0]) == ([1], false))
    #expect(collect([.ready, .suspect], excluded: [0]) == ([1], false))
    #expect(collect([.ready], excluded: [0]) == ([], false))
  }

  @Test func `a tier whose members are full is helped out by the next`() {
    #expect(collect([.ready, .ready], full: [0]) == ([1], false))
    #expect(collect([.ready, .ready], priorities: [0, 1], full: [0]) == ([1], false))
    #expect(collect([.ready, .ready], full: [0, 1]) == ([], true))
    #expect(collect([.ready, .down], full: [0]) == ([], true))
  }

  @Test func `a full one is waited for rather than a suspect asked`() {
    #expect(collect([.ready, .suspect], full: [0]) == ([], true))
    #expect(collect([.suspect, .suspect], full: [0]) == ([1], false))
    #expect(collect([.suspect, .suspect], full: [0, 1]) == ([], true))
    // One that can't be used anyway is no reason to wait.
    #expect(collect([.ready, .suspect], full: [0], excluded: [0]) == ([1], false))
  }
}
