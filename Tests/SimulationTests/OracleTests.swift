import TestSupport
import Testing

/// The oracle can fail: each fault that is made on purpose is reported, in every run in which there
/// was an occasion for it.
@Suite(.offThePool)
struct OracleTests {
  @Test(arguments: Sabotage.allCases)
  fileprivate func `sabotage is reported`(_ act: Sabotage) throws {
    var occasions = 0
    for seed in UInt64(1)...200 where occasions < 2 {
      let saboteur = Saboteur(act)
      let outcome = try Simulation.run(seed: seed, exchanges: 25, saboteur: saboteur)
      guard saboteur.hasActed else { continue }
      occasions += 1
      #expect(!outcome.violations.isEmpty, "seed \(seed): \(act) wasn't seen")
    }
    #expect(occasions > 0)
  }
}
