import OAIRRouting
import Testing

struct CandidateSelectorTests {
  private static let policies =
    BalancingPolicy.builtIn + [
      .custom(CustomPolicy("last") { _, candidates in candidates.count - 1 })
    ]

  /// Members of all kinds.
  private func members(_ count: Int, _ random: inout SeededRandom) -> [RouteMember] {
    (0..<count).map { slot in
      let isLoaded: Bool? = [true, false, nil].randomElement(using: &random) ?? nil
      return .make(
        "b\(slot)",
        slot: slot,
        state: BackendState.allCases.randomElement(using: &random) ?? .ready,
        models: model(isLoaded: isLoaded),
        kind: [.vllm, .ollama, .generic].randomElement(using: &random) ?? .generic,
        weight: .random(in: 1...4, using: &random),
        priority: .random(in: 0...2, using: &random),
        maxInFlight: .random(in: 0...2, using: &random)
      )
    }
  }

  @Test(arguments: UInt64(0)..<300)
  func `whatever the policy, the one chosen is of the best that can be used`(seed: UInt64) {
    var random = SeededRandom(seed)
    let count = [1, 2, 5, 8, 9, 30].randomElement(using: &random) ?? 1
    let members = members(count, &random)
    for policy in Self.policies {
      var bench = SelectionBench(policy, members)
      for slot in bench.inFlight.indices {
        bench.inFlight[slot] = .random(in: 0...2, using: &random)
      }
      bench.excluded = Set((0..<count).map { "b\($0)" }.filter { _ in .random(using: &random) })
      for _ in 0..<5 { judge(bench.choose(), bench) }
      judge(bench.look(), bench)
    }
  }

  /// Compares a choice with what the definition says, spelled out once more.
  private func judge(_ choice: CandidateChoice, _ bench: SelectionBench) {
    guard let entry = bench.table.entry("m") else { return }
    let ranks = bench.table.ranks(entry)
    let usable = bench.table.candidates(entry).indices.filter { position in
      let index = Int(bench.table.candidates(entry)[position])
      return ranks[position] < CandidateRank.unusable
        && !bench.excluded.contains(bench.table.backends[index].record.id)
    }
    let isFull = { (position: Int) in
      let record = bench.table.backends[Int(bench.table.candidates(entry)[position])].record
      return record.maxInFlight > 0 && Int(bench.inFlight[record.slot]) >= record.maxInFlight
    }
    let best = usable.filter { !isFull($0) }.map { ranks[$0] }.min()
    let bestFull = usable.filter(isFull).map { ranks[$0] }.min() ?? .max
    let waits =
      (best ?? .max) >= CandidateRank.firstSuspect && bestFull < CandidateRank.firstSuspect
    switch choice {
    case .chosen(let index, let breaksSession):
      let position = bench.table.candidates(entry).firstIndex(of: Int32(index))
      #expect(!waits && !breaksSession && position.map { ranks[$0] } == best)
      #expect(position.map { usable.contains($0) && !isFull($0) } == true)
    case .full: #expect((best == nil || waits) && bestFull < .max)
    case .none: #expect(usable.isEmpty)
    }
  }

  @Test func `those that have the model loaded come before those that would have to load it`() {
    var bench = SelectionBench(
      .leastInFlight,
      [
        .make("cold", slot: 0, models: model(isLoaded: false)),
        .make("warm", slot: 1, models: model(isLoaded: true), maxInFlight: 4),
        .make("untold", slot: 2, models: model(), maxInFlight: 4),
      ]
    )
    bench.load("warm", 3)
    bench.load("untold", 3)
    for _ in 0..<50 { #expect(bench.pick() != "cold") }
    bench.load("warm", 4)
    bench.load("untold", 4)
    #expect(bench.pick() == "cold")
    // A tier counts more than what is loaded.
    bench.adopt([
      .make("cold", slot: 0, models: model(isLoaded: false)),
      .make("warm", slot: 1, models: model(isLoaded: true), priority: 1),
    ])
    #expect(bench.pick() == "cold")
  }

  @Test func `of many candidates few are looked at, and each gets its part`() {
    var bench = SelectionBench(
      .leastInFlight,
      (0..<500).map { .make("b\($0)", slot: $0, models: model()) }
    )
    for _ in 0..<5_000 {
      guard case .chosen(let index, _) = bench.choose() else {
        Issue.record("nobody was chosen")
        return
      }
      bench.inFlight[bench.table.backends[index].record.slot] += 1
    }
    #expect(bench.inFlight.allSatisfy { (5...15).contains($0) })
  }

  @Test func `of many candidates the last one that can be used is found`() {
    let members = (0..<100).map { RouteMember.make("b\($0)", slot: $0, models: model()) }
    var bench = SelectionBench(.leastInFlight, members)
    bench.excluded = Set((0..<100).filter { $0 != 57 }.map { "b\($0)" })
    for _ in 0..<20 { #expect(bench.pick() == "b57") }
    bench.excluded.insert("b57")
    #expect(bench.choose() == CandidateChoice.none)
  }
}
