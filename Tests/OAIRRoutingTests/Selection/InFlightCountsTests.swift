import Dispatch
import OAIRRouting
import OAIRSys
import Synchronization
import TestSupport
import Testing

@Suite(.offThePool)
struct InFlightCountsTests {
  @Test func `a backend is full at its bound, for all views of it`() {
    let cells = AtomicCells(4)
    let one = InFlightCounts(cells)
    let other = InFlightCounts(cells)
    let fact = CandidateFacts(slot: 2, maxInFlight: 2)
    #expect(one.begin(2, bound: 2) && !fact.isFull(other))
    #expect(other.begin(2, bound: 2) && fact.isFull(one))
    #expect(!one.begin(2, bound: 2) && one[2] == 2)
    other.end(2)
    #expect(one[2] == 1 && one.begin(2, bound: 2))
    #expect(one[1] == 0 && one[3] == 0)
    withExtendedLifetime(cells) {}
  }

  @Test func `without a bound, or beyond it by force, it only counts`() {
    let cells = AtomicCells(1)
    let counts = InFlightCounts(cells)
    for _ in 0..<5 { #expect(counts.begin(0, bound: 0)) }
    #expect(counts[0] == 5 && !counts.begin(0, bound: 4))
    for _ in 0..<5 { counts.end(0) }
    #expect(counts[0] == 0)
    withExtendedLifetime(cells) {}
  }

  @Test func `workers together have no more at a backend than it may take`() {
    let cells = AtomicCells(1)
    let counts = InFlightCounts(cells)
    let isPassed = Atomic<Bool>(false)
    let begun = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<20_000 where counts.begin(0, bound: 2) {
        if counts[0] > 2 { isPassed.store(true, ordering: .relaxed) }
        begun.add(1, ordering: .relaxed)
        counts.end(0)
      }
    }
    let (passed, count) = (isPassed.load(ordering: .relaxed), begun.load(ordering: .relaxed))
    #expect(!passed && count > 0 && counts[0] == 0)
    withExtendedLifetime(cells) {}
  }

  @Test func `one that ends more than it began ends the process`() async {
    await #expect(processExitsWith: .failure) {
      let cells = AtomicCells(1)
      InFlightCounts(cells).end(0)
      withExtendedLifetime(cells) {}
    }
  }
}
