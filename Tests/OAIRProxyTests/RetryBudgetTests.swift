import Testing

@testable import OAIRProxy

struct RetryBudgetTests {
  private static let second: UInt64 = 1_000_000_000

  /// Retries that are granted at one moment, with so many under way already.
  private func granted(_ budget: inout RetryBudget, at now: UInt64, tries: Int) -> Int {
    var count = 0
    for _ in 0..<tries where budget.take(at: now, isFirst: true) { count += 1 }
    return count
  }

  @Test func `a quiet router has ten free retries in ten seconds`() {
    var budget = RetryBudget(percent: 20)
    #expect(granted(&budget, at: 0, tries: 100) == 10)
    #expect(granted(&budget, at: 9 * Self.second, tries: 100) == 0)
    #expect(granted(&budget, at: 10 * Self.second, tries: 100) == 10)
  }

  @Test func `requests pay for a share of retries`() {
    var budget = RetryBudget(percent: 20)
    for _ in 0..<1000 { budget.requestCame(at: 5 * Self.second) }
    #expect(granted(&budget, at: 5 * Self.second, tries: 1000) == 210)
    // What was paid for is forgotten with what it paid for.
    #expect(granted(&budget, at: 15 * Self.second, tries: 1000) == 10)
  }

  @Test func `three at a time are always allowed`() {
    var budget = RetryBudget(percent: 0)
    for _ in 0..<10 {
      let isTaken = budget.take(at: 0, isFirst: true)
      #expect(isTaken)
    }
    for _ in 0..<8 { budget.exchangeEnded() }
    #expect(budget.concurrent == 2)
    #expect(granted(&budget, at: 0, tries: 10) == 1)
  }

  @Test func `a second retry of one exchange is not one more under way`() {
    var budget = RetryBudget(percent: 0)
    let first = budget.take(at: 0, isFirst: true)
    let second = budget.take(at: 0, isFirst: false)
    #expect(first && second)
    #expect(budget.concurrent == 1)
  }

  @Test func `a clock that starts late and jumps far is no trouble`() {
    var budget = RetryBudget(percent: 100)
    budget.requestCame(at: UInt64.max / 2)
    #expect(granted(&budget, at: UInt64.max - 1, tries: 20) == 10)
  }
}
