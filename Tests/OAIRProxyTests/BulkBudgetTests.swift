import Testing

@testable import OAIRProxy

@Suite struct BulkBudgetTests {
  @Test func `alone it takes large pieces, beside others small ones`() {
    var bulk = BulkBudget()
    bulk.beginTick(at: 1000, isContended: false)
    #expect(bulk.piece == ProxyLimits.bulkPerTick)
    bulk.othersAreHere(at: 1000)
    bulk.beginTick(at: 1000 + ProxyLimits.othersNanoseconds - 1, isContended: false)
    #expect(bulk.piece == ProxyLimits.bulkBesideOthers)
    #expect(bulk.left == ProxyLimits.bulkBesideOthers)
    bulk.beginTick(at: 1000 + ProxyLimits.othersNanoseconds, isContended: false)
    #expect(bulk.piece == ProxyLimits.bulkPerTick)
  }

  @Test func `whoever comes anew waits behind those who wait`() {
    var bulk = BulkBudget()
    bulk.beginTick(at: 1, isContended: true)
    #expect(bulk.isSpent)
    bulk.beginPostponed()
    #expect(!bulk.isSpent)
    bulk.spend(ProxyLimits.bulkPerTick)
    #expect(bulk.isSpent)
  }
}
