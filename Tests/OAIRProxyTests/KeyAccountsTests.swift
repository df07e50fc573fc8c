import Dispatch
import OAIRSys
import Synchronization
import TestSupport
import Testing

@testable import OAIRProxy

@Suite(.offThePool)
struct KeyAccountsTests {
  private static let second: UInt64 = 1_000_000_000

  private func bounds(perMinute: UInt64 = 0, concurrent: Int = 0) -> KeyAccounts.Bounds {
    KeyAccounts.Bounds(
      interval: perMinute > 0 ? KeyAccounts.minute / perMinute : 0,
      concurrent: concurrent
    )
  }

  @Test func `a minute's requests may come at once and then one by one`() {
    let cells = AtomicCells(KeyAccounts.cells)
    defer { withExtendedLifetime(cells) {} }
    let accounts = KeyAccounts(cells)
    let bounds = bounds(perMinute: 6)
    let start = 100 * Self.second
    for _ in 0..<6 { #expect(accounts.begin(1, bounds, at: start) == nil) }
    #expect(accounts.begin(1, bounds, at: start) == .rate(seconds: 10, perMinute: 6))
    let later = start + 9 * Self.second
    #expect(accounts.begin(1, bounds, at: later) == .rate(seconds: 1, perMinute: 6))
    #expect(accounts.begin(1, bounds, at: start + 10 * Self.second) == nil)
    #expect(accounts.begin(1, bounds, at: start + 10 * Self.second) != nil)
    // After a quiet minute all of them are there again.
    for _ in 0..<6 { #expect(accounts.begin(1, bounds, at: start + 300 * Self.second) == nil) }
    #expect(accounts.begin(1, bounds, at: start + 300 * Self.second) != nil)
  }

  @Test func `an hour keeps the rate whatever the pace`() {
    let cells = AtomicCells(KeyAccounts.cells)
    defer { withExtendedLifetime(cells) {} }
    let accounts = KeyAccounts(cells)
    let bounds = bounds(perMinute: 90)
    var taken = 0
    for step in 0..<36_000
    where accounts.begin(1, bounds, at: UInt64(step) * Self.second / 10) == nil {
      taken += 1
    }
    #expect((60 * 90...61 * 90).contains(taken))
  }

  @Test func `places are given back and refusals take none`() {
    let cells = AtomicCells(KeyAccounts.cells)
    defer { withExtendedLifetime(cells) {} }
    let accounts = KeyAccounts(cells)
    let two = bounds(perMinute: 100, concurrent: 2)
    #expect(accounts.begin(1, two, at: 0) == nil)
    #expect(accounts.begin(1, two, at: 0) == nil)
    for _ in 0..<200 { #expect(accounts.begin(1, two, at: 0) == .concurrent(2)) }
    #expect(accounts.begin(2, bounds(), at: 0) == nil)
    accounts.end(1)
    #expect(accounts.begin(1, two, at: 0) == nil)
  }

  @Test func `what began with other bounds still counts`() {
    let cells = AtomicCells(KeyAccounts.cells)
    defer { withExtendedLifetime(cells) {} }
    let accounts = KeyAccounts(cells)
    #expect(accounts.begin(5, bounds(concurrent: 3), at: 0) == nil)
    #expect(accounts.begin(5, bounds(concurrent: 3), at: 0) == nil)
    #expect(accounts.begin(5, bounds(concurrent: 2), at: 0) == .concurrent(2))
    accounts.end(5)
    accounts.end(5)
    #expect(accounts.begin(5, bounds(concurrent: 1), at: 0) == nil)
    // A minute that was spent slowly is spent when the pace becomes another.
    for _ in 0..<60 { #expect(accounts.begin(6, bounds(perMinute: 60), at: 0) == nil) }
    guard case .rate(let seconds, 2)? = accounts.begin(6, bounds(perMinute: 2), at: 0) else {
      Issue.record("a spent minute isn't bounded")
      return
    }
    #expect((1...60).contains(seconds))
  }

  @Test func `workers together keep a key's bounds`() {
    let cells = AtomicCells(KeyAccounts.cells)
    defer { withExtendedLifetime(cells) {} }
    let accounts = KeyAccounts(cells)
    let rate = bounds(perMinute: 1000)
    let two = bounds(concurrent: 2)
    let taken = Atomic<Int>(0)
    let isPassed = Atomic<Bool>(false)
    let running = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<1000 where accounts.begin(1, rate, at: Self.second) == nil {
        taken.add(1, ordering: .relaxed)
      }
      for _ in 0..<10_000 where accounts.begin(2, two, at: 0) == nil {
        let now = running.add(1, ordering: .sequentiallyConsistent).newValue
        if now > 2 { isPassed.store(true, ordering: .relaxed) }
        running.subtract(1, ordering: .sequentiallyConsistent)
        accounts.end(2)
      }
    }
    let (count, passed) = (taken.load(ordering: .relaxed), isPassed.load(ordering: .relaxed))
    #expect(count == 1000 && !passed)
  }
}
