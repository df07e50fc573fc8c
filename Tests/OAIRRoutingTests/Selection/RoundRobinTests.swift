import OAIRRouting
import Testing

struct RoundRobinTests {
  @Test func `looking takes nobody's turn`() {
    var bench = SelectionBench(
      .roundRobin,
      [.make("a", slot: 0, models: model()), .make("b", slot: 1, models: model())]
    )
    var turns: [String?] = []
    for _ in 0..<4 {
      #expect(bench.look() == .chosen(0, breaksSession: false))
      turns.append(bench.pick())
    }
    #expect(turns == ["a", "b", "a", "b"])
  }

  private func members(_ weights: [Int], model name: String = "m") -> [RouteMember] {
    weights.enumerated().map { slot, weight in
      .make("b\(100 + slot)", slot: slot, models: model(name), weight: weight)
    }
  }

  @Test(arguments: UInt64(0)..<100)
  func `a cycle gives each exactly its weight, and comes again`(seed: UInt64) {
    var random = SeededRandom(seed)
    let weights = (0..<Int.random(in: 1...12, using: &random)).map { _ in
      Int.random(in: 1...7, using: &random)
    }
    var bench = SelectionBench(.roundRobin, members(weights))
    var cycles: [[String?]] = []
    for _ in 0..<3 { cycles.append((0..<weights.reduce(0, +)).map { _ in bench.pick() }) }
    for (slot, weight) in weights.enumerated() {
      #expect(cycles[0].count { $0 == "b\(100 + slot)" } == weight)
    }
    #expect(cycles[0] == cycles[1] && cycles[1] == cycles[2])
  }

  @Test(arguments: UInt64(0)..<50)
  func `at no moment is anybody far from its share`(seed: UInt64) {
    var random = SeededRandom(seed)
    let weights = (0..<Int.random(in: 2...10, using: &random)).map { _ in
      Int.random(in: 1...9, using: &random)
    }
    var bench = SelectionBench(.roundRobin, members(weights))
    var picks = [String: Int]()
    let sum = weights.reduce(0, +)
    for count in 1...sum {
      picks[bench.pick() ?? "none", default: 0] += 1
      for (slot, weight) in weights.enumerated() {
        let share = Double(count * weight) / Double(sum)
        #expect(abs(Double(picks["b\(100 + slot)"] ?? 0) - share) < 2)
      }
    }
    #expect(picks["none"] == nil)
  }

  @Test func `a heavy one is spread between the light ones`() {
    var bench = SelectionBench(.roundRobin, members([5, 1, 1]))
    let picks = (0..<7).map { _ in bench.pick() ?? "" }
    #expect(picks.map { $0.suffix(1) } == ["0", "0", "1", "0", "2", "0", "0"])
  }

  @Test func `each model has turns of its own`() {
    let both = [ModelDescription(id: "m"), ModelDescription(id: "n")]
    var bench = SelectionBench(
      .roundRobin,
      [.make("a", slot: 0, models: both), .make("b", slot: 1, models: both)]
    )
    let picks = (0..<3).map { _ in [bench.pick("m"), bench.pick("n")] }
    #expect(picks == [["a", "a"], ["b", "b"], ["a", "a"]])
  }

  @Test func `a new table goes on where the old one was`() {
    var bench = SelectionBench(.roundRobin, members([1, 1, 1]))
    #expect(bench.pick() == "b100")
    // Another model comes before, and the last backend becomes suspect.
    let former = members([1, 1, 1])
    let suspect = RouteMember.make("b102", slot: 2, state: .suspect, models: model())
    bench.adopt([.make("a", slot: 3, models: model("first")), former[0], former[1], suspect])
    let picks = (0..<20).map { _ in bench.pick() }
    #expect(picks.first == "b101" && !picks.contains("b102"))
    #expect((9...11).contains(picks.count { $0 == "b100" }))
  }

  @Test func `one that was away doesn't get all that it missed`() {
    var bench = SelectionBench(.roundRobin, members([1, 1, 1]))
    bench.excluded = ["b102"]
    for _ in 0..<30 { #expect(bench.pick() != "b102") }
    bench.excluded = []
    let picks = (0..<6).map { _ in bench.pick() }
    #expect(picks.count { $0 == "b102" } == 2)
  }
}
