import OAIRRouting
import Testing

struct LeastInFlightTests {
  private func pick(
    _ facts: [CandidateFacts],
    _ inFlight: [Int32],
    _ random: inout SeededRandom,
    among candidates: [Int32]? = nil
  ) -> Int? {
    let candidates = candidates ?? Array(0..<Int32(facts.count))
    return candidates.withUnsafeBufferPointer { candidates in
      facts.withUnsafeBufferPointer { facts in
        withCounts(inFlight) { counters in
          LeastInFlight.pick(
            candidates,
            facts: facts,
            inFlight: counters,
            random: &random
          )
        }
      }
    }
  }

  private func facts(weights: [Int32]) -> [CandidateFacts] {
    weights.enumerated().map { CandidateFacts(slot: Int32($0.offset), weight: $0.element) }
  }

  @Test(arguments: UInt64(0)..<200)
  func `up to eight candidates the least loaded for its weight is taken`(seed: UInt64) throws {
    var random = SeededRandom(seed)
    let count = Int.random(in: 1...8, using: &random)
    let facts = facts(weights: (0..<count).map { _ in .random(in: 1...5, using: &random) })
    let inFlight = (0..<count).map { _ in Int32.random(in: 0...20, using: &random) }
    let picked = try #require(pick(facts, inFlight, &random))
    for other in facts.indices {
      let its = Int(inFlight[picked]) * Int(facts[other].weight)
      #expect(its <= Int(inFlight[other]) * Int(facts[picked].weight))
    }
  }

  @Test func `ties are drawn in proportion to the weights`() {
    var random = SeededRandom(1)
    let facts = facts(weights: [1, 2, 5])
    var picks = [0, 0, 0]
    for _ in 0..<8_000 {
      if let picked = pick(facts, [0, 0, 0], &random) { picks[picked] += 1 }
    }
    // Expected 1000, 2000, 5000; five deviations are below 225.
    #expect(abs(picks[0] - 1_000) < 225)
    #expect(abs(picks[1] - 2_000) < 225)
    #expect(abs(picks[2] - 5_000) < 225)
  }

  @Test func `counters are read by slot, candidates by index`() {
    var random = SeededRandom(2)
    let facts = [CandidateFacts(slot: 3), CandidateFacts(slot: 0), CandidateFacts(slot: 2)]
    #expect(pick(facts, [9, 0, 5, 1], &random) == 0)
    #expect(pick(facts, [9, 0, 5, 1], &random, among: [1, 2]) == 2)
  }

  @Test(arguments: [1, 2, 8, 9, 100])
  func `full candidates aren't taken, and the last free one is found`(count: Int) {
    var random = SeededRandom(3)
    var facts = (0..<count).map { CandidateFacts(slot: Int32($0), maxInFlight: 2) }
    var inFlight = [Int32](repeating: 2, count: count)
    for _ in 0..<50 { #expect(pick(facts, inFlight, &random) == nil) }
    inFlight[count - 1] = 1
    for _ in 0..<50 { #expect(pick(facts, inFlight, &random) == count - 1) }
    inFlight[count - 1] = 3
    facts[0].maxInFlight = 0
    for _ in 0..<50 { #expect(pick(facts, inFlight, &random) == 0) }
  }

  @Test func `no candidates give no pick`() {
    var random = SeededRandom(4)
    #expect(pick([CandidateFacts(slot: 0)], [0], &random, among: []) == nil)
  }

  @Test func `above eight the better of two is taken: the most loaded never wins`() {
    var random = SeededRandom(5)
    let facts = facts(weights: Array(repeating: 1, count: 9))
    var picks = [Int](repeating: 0, count: 9)
    for _ in 0..<9_000 {
      if let picked = pick(facts, [0, 1, 2, 3, 4, 5, 6, 7, 8], &random) { picks[picked] += 1 }
    }
    #expect(picks[8] == 0)
    // Of 36 pairs, 8 − i are won by candidate i: 250 picks per pair.
    for index in 0..<8 { #expect(abs(picks[index] - 250 * (8 - index)) < 200) }
  }

  @Test(arguments: [4, 8, 9, 32, 200])
  func `requests that stay spread evenly`(count: Int) {
    var random = SeededRandom(6)
    let facts = facts(weights: Array(repeating: 1, count: count))
    var inFlight = [Int32](repeating: 0, count: count)
    let perBackend = 50
    for _ in 0..<count * perBackend {
      if let picked = pick(facts, inFlight, &random) { inFlight[picked] += 1 }
    }
    let highest = inFlight.max() ?? 0
    // Exact choice leaves no difference; two choices an excess of about log2 log2 n.
    #expect(highest <= Int32(perBackend + (count <= LeastInFlight.exactBound ? 0 : 5)))
  }

  @Test func `requests that stay spread by weight`() {
    var random = SeededRandom(7)
    let facts = facts(weights: [1, 3, 6])
    var inFlight: [Int32] = [0, 0, 0]
    for _ in 0..<1_000 {
      if let picked = pick(facts, inFlight, &random) { inFlight[picked] += 1 }
    }
    #expect(abs(inFlight[0] - 100) <= 2)
    #expect(abs(inFlight[1] - 300) <= 2)
    #expect(abs(inFlight[2] - 600) <= 2)
  }

  @Test func `the greatest numbers don't overflow`() {
    var random = SeededRandom(8)
    let heavy = Int32(CandidateFacts.greatestWeight)
    let facts = facts(weights: [heavy, heavy, 1])
    #expect(pick(facts, [.max, .max - 1, .max], &random) == 1)
  }
}
