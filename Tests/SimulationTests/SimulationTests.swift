import Glibc
import TestSupport
import Testing

/// The whole data plane on simulated sockets and clock.
///
/// A failing seed is printed with its last events; `OAIR_SIM_SEEDS=17-17` runs it again, and it
/// belongs into `regressions`.
@Suite(.offThePool)
struct SimulationTests {
  /// Seeds that once broke an invariant.
  private static let regressions: [UInt64] = [
    529, 102427, 104407, 106483, 107225, 109881, 300104, 304709, 405073,
  ]

  @Test func `no seed breaks an invariant`() throws {
    let (first, last) = Self.seeds()
    let exchanges = Self.number("OAIR_SIM_EXCHANGES") ?? 100
    var routed = 0
    var cut = 0
    var own = 0
    var waits = 0
    var failures = 0
    for seed in first...last {
      if getenv("OAIR_SIM_TRACE") != nil { EventTrace.write("seed \(seed)\n") }
      let outcome = try Simulation.run(
        seed: seed,
        exchanges: exchanges,
        echoes: getenv("OAIR_SIM_TRACE") != nil
      )
      routed += outcome.counts.routed
      cut += outcome.counts.cut
      own += outcome.counts.own
      waits += outcome.counts.waits
      guard outcome.violations.isEmpty else {
        Self.report(seed, outcome, isFirst: failures == 0)
        failures += 1
        if failures == 10 { return }
        continue
      }
    }
    // Nothing passes for want of events.
    #expect(routed > 0 && own > 0)
    if last - first > 50 { #expect(cut > 0 && waits > 0) }
    EventTrace.write(
      "simulation: seeds \(first)-\(last), \(routed) routed, \(cut) cut, \(own) own, "
        + "\(waits) waited\n"
    )
  }

  @Test func `seeds that once failed don't any more`() throws {
    for seed in Self.regressions {
      let outcome = try Simulation.run(seed: seed, exchanges: 100)
      if !outcome.violations.isEmpty { Self.report(seed, outcome) }
    }
  }

  @Test func `garbled messages are taken for nothing that they aren't`() throws {
    var routed = 0
    var own = 0
    for seed in UInt64(1)...40 {
      var choices = Choices()
      choices.garbling = 400
      let outcome = try Simulation.run(seed: seed, exchanges: 60, choices: choices)
      routed += outcome.counts.routed
      own += outcome.counts.own
      if !outcome.violations.isEmpty { Self.report(seed, outcome) }
    }
    #expect(routed > 0 && own > 0)
  }

  @Test func `a seed makes the same run each time`() throws {
    let first = try Simulation.run(seed: 7, exchanges: 60)
    let second = try Simulation.run(seed: 7, exchanges: 60)
    #expect(first.counts.routed == second.counts.routed)
    #expect(first.counts.attempts == second.counts.attempts)
    #expect(first.counts.cut == second.counts.cut)
  }

  /// The trail of one seed is enough to begin with.
  private static func report(_ seed: UInt64, _ outcome: Simulation.Outcome, isFirst: Bool = true) {
    if isFirst { for line in outcome.trace.suffix(200) { EventTrace.write(line + "\n") } }
    Issue.record("seed=\(seed): \(outcome.violations.joined(separator: "; "))")
  }

  private static func seeds() -> (UInt64, UInt64) {
    guard let text = getenv("OAIR_SIM_SEEDS").map({ String(cString: $0) }) else { return (1, 25) }
    let parts = text.split(separator: "-").compactMap { UInt64($0) }
    return (parts.first ?? 1, parts.last ?? parts.first ?? 1)
  }

  private static func number(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }
}
