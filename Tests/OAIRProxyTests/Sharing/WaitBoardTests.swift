import Dispatch
import OAIRSys
import Synchronization
import TestSupport
import Testing

@testable import OAIRProxy

@Suite(.offThePool)
struct WaitBoardTests {
  private let cells = AtomicCells(WaitBoard.cells(workers: 64))
  private var board: WaitBoard { WaitBoard(cells, workers: 64) }

  @Test func `who waits is found by what it waits for, and not by itself`() {
    #expect(!board.isUsed && board.workers(wanting: .max, but: 0) == 0)
    board.publish(0b110, by: 1)
    board.publish(0b100, by: 63)
    #expect(board.isUsed)
    #expect(board.workers(wanting: 0b010, but: 0) == 1 << 1)
    let both: WaitBoard.Mask = 1 << 1 | 1 << 63
    #expect(board.workers(wanting: 0b100, but: 0) == both)
    #expect(board.workers(wanting: 0b100, but: 63) == 1 << 1)
    #expect(board.workers(wanting: 0b001, but: 0) == 0)
    #expect(board.isWanted(0b010) && !board.isWanted(0b001))
  }

  @Test func `who waits no more isn't found`() {
    board.publish(1, by: 2)
    board.publish(1, by: 3)
    board.publish(0, by: 2)
    #expect(board.workers(wanting: 1, but: 0) == 1 << 3)
    board.publish(0, by: 3)
    #expect(!board.isUsed && !board.isWanted(.max))
  }

  @Test(arguments: [0, 5, 63])
  func `each comes first as often as the others, the last worker too`(worker: Int) {
    let all: WaitBoard.Mask = 1 << 0 | 1 << 5 | 1 << 63
    let others = all & ~(1 << WaitBoard.Mask(worker))
    var first = 0
    for _ in 0..<300 where board.isTurn(of: worker, among: others) { first += 1 }
    #expect(first == 100)
  }

  /// A thread that takes places and gives them back, and one that waits for each of them: if one
  /// were freed unnoticed, that one would wait for ever.
  @Test func `nothing is freed unnoticed`() {
    let place = AtomicCells(1)
    let board = WaitBoard(cells, workers: 2)
    let bell = Atomic<Int>(0)
    let isDone = Atomic<Bool>(false)
    let rounds = 20_000
    let misses = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 2) { worker in
      if worker == 0 {
        while !isDone.load(ordering: .acquiring) {
          guard place.base.add(1, bound: 1) else { continue }
          place.base.take(1)
          if board.workers(wanting: 1, but: 0) != 0 {
            bell.wrappingAdd(1, ordering: .sequentiallyConsistent)
          }
        }
        return
      }
      for _ in 0..<rounds {
        if place.base.add(1, bound: 1) {
          place.base.take(1)
          continue
        }
        let heard = bell.load(ordering: .sequentiallyConsistent)
        board.publish(1, by: 1)
        // The look after publishing; then only the bell is listened to.
        var tries = 0
        var isServed = place.base.add(1, bound: 1)
        while !isServed, tries < 100_000_000 {
          tries += 1
          guard bell.load(ordering: .sequentiallyConsistent) != heard else { continue }
          isServed = place.base.add(1, bound: 1)
        }
        if isServed { place.base.take(1) } else { misses.wrappingAdd(1, ordering: .relaxed) }
        board.publish(0, by: 1)
        if !isServed { break }
      }
      isDone.store(true, ordering: .releasing)
    }
    let missed = misses.load(ordering: .relaxed)
    #expect(missed == 0)
  }
}
