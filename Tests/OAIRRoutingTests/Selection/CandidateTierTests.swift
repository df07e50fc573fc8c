import OAIRRouting
import Testing

struct CandidateTierTests {
  private func collect(_ states: [BackendState], priorities: [Int32]? = nil) -> [Int32] {
    let facts = states.indices.map { index in
      CandidateFacts(slot: Int32(index), priority: priorities?[index] ?? 0, state: states[index])
    }
    var scratch = [Int32](repeating: -1, count: states.count)
    let count = Array(0..<Int32(states.count)).withUnsafeBufferPointer { candidates in
      facts.withUnsafeBufferPointer { facts in
        scratch.withUnsafeMutableBufferPointer { scratch in
          CandidateTier.collect(candidates, facts: facts, into: scratch) { states[$0] }
        }
      }
    }
    return Array(scratch.prefix(count))
  }

  @Test func `ready and unknown ones stand together before suspect ones`() {
    #expect(collect([.suspect, .ready, .down, .unknown, .loading, .draining]) == [1, 3])
    #expect(collect([.suspect, .down, .suspect]) == [0, 2])
  }

  @Test func `nothing is left when none may be tried`() {
    #expect(collect([.down, .loading, .draining]) == [])
    #expect(collect([]) == [])
  }

  @Test func `the lowest tier comes first, but no suspect before a ready one of any tier`() {
    #expect(collect([.ready, .ready, .ready], priorities: [2, 1, 1]) == [1, 2])
    #expect(collect([.suspect, .ready], priorities: [.min, .max]) == [1])
    #expect(collect([.suspect, .suspect], priorities: [.max, .min]) == [1])
    #expect(collect([.down, .ready], priorities: [0, 5]) == [1])
  }

  @Test func `the caller's knowledge of a state counts, not the table's`() {
    let facts = [CandidateFacts(slot: 0), CandidateFacts(slot: 1)]
    var scratch: [Int32] = [0, 0]
    let count = [Int32(0), 1].withUnsafeBufferPointer { candidates in
      facts.withUnsafeBufferPointer { facts in
        scratch.withUnsafeMutableBufferPointer { scratch in
          CandidateTier.collect(candidates, facts: facts, into: scratch) {
            $0 == 0 ? .down : .ready
          }
        }
      }
    }
    #expect(count == 1 && scratch[0] == 1)
  }
}
