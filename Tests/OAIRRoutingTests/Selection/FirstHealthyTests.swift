import OAIRRouting
import Testing

struct FirstHealthyTests {
  private func members(_ states: [String: BackendState], maxInFlight: Int = 0) -> [RouteMember] {
    states.sorted { $0.key < $1.key }.enumerated().map { slot, entry in
      .make(
        entry.key,
        slot: slot,
        state: entry.value,
        models: model(),
        maxInFlight: maxInFlight
      )
    }
  }

  @Test(arguments: UInt64(0)..<200)
  func `it is the first by id of those that nobody outranks`(seed: UInt64) {
    var random = SeededRandom(seed)
    var states: [String: BackendState] = [:]
    for number in 0..<Int.random(in: 1...20, using: &random) {
      states["b\(100 + number)"] = BackendState.allCases.randomElement(using: &random)
    }
    var bench = SelectionBench(.firstHealthy, members(states))
    let ids = states.keys.sorted()
    let healthy = ids.filter { states[$0] == .ready || states[$0] == .unknown }
    bench.excluded = Set(ids.filter { _ in Int.random(in: 0..<5, using: &random) == 0 })
    let usable = { (ids: [String]) in ids.first { !bench.excluded.contains($0) } }
    let expected = usable(healthy) ?? usable(ids.filter { states[$0] == .suspect })
    #expect(bench.pick() == expected)
  }

  @Test func `the next one only gets what the first can't take`() {
    var bench = SelectionBench(
      .firstHealthy,
      members(["a": .ready, "b": .ready], maxInFlight: 2)
    )
    bench.load("b", 1)
    #expect(bench.pick() == "a")
    bench.load("a", 2)
    #expect(bench.pick() == "b")
    bench.load("b", 2)
    #expect(bench.choose() == .full)
  }
}
