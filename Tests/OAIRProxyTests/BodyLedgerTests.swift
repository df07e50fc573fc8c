import Dispatch
import OAIRSys
import Synchronization
import TestSupport
import Testing

@testable import OAIRProxy

@Suite(.offThePool)
struct BodyLedgerTests {
  private let cells = AtomicCells(BodyLedger.cells)

  /// 100 bytes for small bodies, 500 for large ones, 200 for one to finish.
  private var ledger: BodyLedger { BodyLedger(limit: 800, body: 200, cells: cells) }

  @Test func `each account has its share, and gives it back`() {
    #expect(ledger.capacity(.small) == 100 && ledger.capacity(.large) == 500)
    #expect(ledger.reserve(100, .small) && !ledger.reserve(1, .small))
    #expect(ledger.reserve(500, .large) && !ledger.reserve(1, .large))
    #expect(ledger.reserved == 600)
    ledger.release(40, .small)
    #expect(ledger.reserve(40, .small) && !ledger.reserve(1, .small))
    ledger.release(100, .small)
    ledger.release(500, .large)
    #expect(ledger.reserved == 0)
  }

  @Test func `the last share is for one that finishes`() {
    #expect(ledger.reserve(500, .large))
    #expect(ledger.reserve(200, .large, finishes: true))
    #expect(!ledger.reserve(1, .large, finishes: true))
  }

  @Test func `one worker at a time has the right to the last share`() {
    #expect(ledger.claimFinish(for: 0) && ledger.claimFinish(for: 0))
    #expect(!ledger.claimFinish(for: 1))
    ledger.endFinish(for: 1)
    #expect(!ledger.claimFinish(for: 1), "it isn't another's to give back")
    ledger.endFinish(for: 0)
    #expect(ledger.claimFinish(for: 1))
  }

  @Test func `workers together hold no more than the limit`() {
    let ledger = ledger
    let isPassed = Atomic<Bool>(false)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for round in 0..<20_000 {
        let bytes = 100 + round % 7 * 10
        guard ledger.reserve(bytes, .large) else { continue }
        if ledger.reserved > 500 { isPassed.store(true, ordering: .relaxed) }
        ledger.release(bytes, .large)
      }
    }
    let passed = isPassed.load(ordering: .relaxed)
    #expect(!passed && ledger.reserved == 0)
  }

  @Test func `giving back more than was taken ends the process`() async {
    await #expect(processExitsWith: .failure) {
      let cells = AtomicCells(BodyLedger.cells)
      BodyLedger(limit: 800, body: 200, cells: cells).release(1, .small)
      withExtendedLifetime(cells) {}
    }
  }
}
