import TestSupport
import Testing

/// Each call that can fail does so once, in a run of its own.
///
/// The first of its kind, the second, and so on to the last. Whatever was under way ends as the
/// oracle allows; nothing is left over.
@Suite(.offThePool)
struct FaultLoopTests {
  private static let seeds: [UInt64] = [3, 11]
  /// LIMIT: runs for each kind of call and seed.
  private static let runs = 250

  @Test(arguments: FallibleCall.allCases)
  fileprivate func `any call may fail`(_ call: FallibleCall) throws {
    var failures = 0
    for seed in Self.seeds {
      // The listener's watch is the first: without it there is no router.
      for index in (call == .watch ? 1 : 0)..<Self.runs {
        var choices = Choices()
        choices.isBrief = true
        choices.fault = CallFault(call, index: index)
        let outcome = try Simulation.run(seed: seed, exchanges: 8, choices: choices)
        if !outcome.violations.isEmpty {
          for line in outcome.trace.suffix(100) { EventTrace.write(line + "\n") }
          Issue.record("seed \(seed), \(call) \(index): \(outcome.violations)")
          return
        }
        guard choices.fault?.hasFailed == true else { break }
        failures += 1
      }
    }
    #expect(failures > 0)
    EventTrace.write("fault loop: \(failures) runs in which one \(call) failed\n")
  }
}
