import Dispatch
import OAIRSys
import Synchronization
import TestSupport
import Testing

@testable import OAIRProxy

@Suite(.offThePool)
struct ConnectionSharesTests {
  private let cells = AtomicCells(8)

  private func shares(_ workers: Int, total: Int) -> ConnectionShares {
    ConnectionShares(cells, workers: workers, total: total)
  }

  @Test func `the shares are even, and make the whole`() {
    let shares = shares(3, total: 11)
    #expect((0..<3).map { shares.capacity(of: $0) } == [4, 4, 3])
  }

  @Test(arguments: [2, 3, 8])
  func `whoever accepts, connections are spread evenly`(workers: Int) {
    let shares = shares(workers, total: 1000)
    for _ in 0..<400 { #expect(shares.place(for: 0) != nil) }
    let counts = (0..<workers).map { shares.count($0) }
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    #expect(counts.reduce(0, +) == 400 && most <= least + least / 16 + 1)
  }

  @Test func `with an even load nobody's connection is another's`() {
    let shares = shares(2, total: 1000)
    for _ in 0..<100 {
      #expect(shares.place(for: 0) == 0)
      #expect(shares.place(for: 1) == 1)
    }
  }

  @Test func `a place is found as long as there is one, and given back`() {
    let shares = shares(2, total: 3)
    let places = (0..<3).compactMap { _ in shares.place(for: 1) }
    #expect(places.sorted() == [0, 0, 1])
    #expect(shares.place(for: 0) == nil && shares.place(for: 1) == nil)
    shares.giveBack(1)
    #expect(shares.place(for: 0) == 1)
  }

  @Test func `one that has taken its leave is passed over, and waits for those on their way`() {
    let shares = shares(2, total: 10)
    #expect(shares.take(1) && !shares.close(1))
    shares.giveBack(1)
    #expect(shares.close(1))
    #expect(!shares.take(1) && shares.place(for: 1) == 0)
    #expect(shares.place(for: 0) == 0)
  }

  @Test func `between a place that is taken and a leave that is taken only one can be`() {
    for _ in 0..<500 {
      let cells = AtomicCells(2)
      let shares = ConnectionShares(cells, workers: 2, total: 10)
      let took = Atomic<Bool>(false)
      let closed = Atomic<Bool>(false)
      DispatchQueue.concurrentPerform(iterations: 2) { thread in
        if thread == 0 {
          took.store(shares.take(1), ordering: .relaxed)
        } else {
          closed.store(shares.close(1), ordering: .relaxed)
        }
      }
      let (isTaken, isClosed) = (took.load(ordering: .relaxed), closed.load(ordering: .relaxed))
      #expect(isTaken != isClosed)
      withExtendedLifetime(cells) {}
    }
  }
}
