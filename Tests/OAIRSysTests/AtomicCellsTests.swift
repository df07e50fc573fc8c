import Dispatch
import OAIRSys
import Synchronization
import TestSupport
import Testing

@Suite(.offThePool)
struct AtomicCellsTests {
  @Test func `all are 0 at first, and one that is changed leaves the others alone`() {
    let cells = AtomicCells(1000)
    #expect((0..<1000).allSatisfy { cells[$0] == 0 })
    #expect((cells.base + 7).add(5, bound: 5))
    #expect(cells[6] == 0 && cells[7] == 5 && cells[8] == 0)
  }

  @Test func `a bound is reached and never passed`() {
    let cells = AtomicCells(1)
    #expect(cells.base.add(3, bound: 4))
    #expect(!cells.base.add(2, bound: 4))
    #expect(cells[0] == 3)
    #expect(cells.base.add(1, bound: 4))
    #expect(!cells.base.add(1, bound: 4))
    #expect(cells.base.add(0, bound: 4))
    #expect(cells.base.take(4) == 0)
  }

  @Test func `a number above a bound that was lowered is full`() {
    let cells = AtomicCells(1)
    #expect(cells.base.add(9, bound: .max))
    #expect(!cells.base.add(1, bound: 4))
    #expect(cells[0] == 9)
  }

  @Test func `workers that are threads of their own keep one bound together`() {
    let cells = AtomicCells(2)
    let greatest = Atomic<Int>(0)
    let taken = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<20_000 where cells.base.add(1, bound: 3) {
        greatest.max(cells[0], ordering: .relaxed)
        taken.add(1, ordering: .relaxed)
        cells.base.take(1)
      }
    }
    #expect(cells[0] == 0)
    let (most, count) = (greatest.load(ordering: .relaxed), taken.load(ordering: .relaxed))
    #expect((1...3).contains(most) && count > 0)
  }
}
