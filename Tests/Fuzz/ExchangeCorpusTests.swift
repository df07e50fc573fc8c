import Testing

@testable import SimulationTests

/// Every input of the corpus, and with it every input that once broke an invariant, keeps them.
struct ExchangeCorpusTests {
  @Test func `every input of the corpus keeps the invariants`() throws {
    let inputs = try Corpus(FuzzExchange.name).inputs()
    #expect(!inputs.isEmpty)
    for input in inputs {
      let violations = try FuzzExchange(input.bytes).outcome().violations
      #expect(violations.isEmpty, "\(input.name)")
    }
  }
}
