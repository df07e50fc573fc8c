import OAIRRouting
import Testing

struct WeightedRendezvousTests {
  private static let sessions = 10_000

  private func member(_ number: Int, weight: Int = 1, state: BackendState = .ready) -> RouteMember {
    .make("b\(number)", slot: number, state: state, models: model(), weight: weight)
  }

  private func session(_ number: Int) -> UInt64 {
    Array("session-\(number)".utf8).withUnsafeBytes { StableHash.of($0) }
  }

  /// Who each session goes to.
  private func homes(_ bench: inout SelectionBench) -> [String?] {
    (0..<Self.sessions).map { bench.pick(session: session($0)) }
  }

  @Test func `one backend more takes its share and no other session moves; going, it gives back`() {
    var bench = SelectionBench(.leastInFlight, (0..<9).map { member($0) })
    let before = homes(&bench)
    bench.adopt((0..<10).map { member($0) })
    let after = homes(&bench)
    let moved = zip(before, after).filter { $0 != $1 }
    #expect((800...1_200).contains(moved.count), "\(moved.count) of 10,000 moved")
    #expect(moved.allSatisfy { $0.1 == "b9" })
    bench.adopt((0..<9).map { member($0) })
    #expect(homes(&bench) == before)
  }

  @Test func `sessions are spread by weight`() {
    var bench = SelectionBench(
      .leastInFlight,
      [member(0), member(1, weight: 2), member(2, weight: 7)]
    )
    let homes = homes(&bench)
    // Expected 1,000, 2,000 and 7,000; five deviations are below 230.
    for (id, expected) in [("b0", 1_000), ("b1", 2_000), ("b2", 7_000)] {
      #expect(abs(homes.count { $0 == id } - expected) < 230)
    }
  }

  @Test func `a backend that is down moves its own sessions, each to the next in its order`() {
    var bench = SelectionBench(.leastInFlight, (0..<5).map { member($0) })
    let before = homes(&bench)
    for state in [BackendState.down, .suspect, .loading, .draining] {
      bench.adopt((0..<5).map { member($0, state: $0 == 3 ? state : .ready) })
      for (number, home) in before.enumerated().prefix(500) {
        guard case .chosen(let index, let breaks) = bench.choose(session: session(number)) else {
          Issue.record("nobody for session \(number)")
          return
        }
        let id = bench.table.backends[index].record.id
        #expect(breaks == (home == "b3"))
        #expect(home == "b3" ? id != "b3" : id == home)
      }
    }
    // Where it moves to is where it would be without that one.
    let moved = homes(&bench)
    bench.adopt([0, 1, 2, 4].map { member($0) })
    #expect(homes(&bench) == moved)
  }

  @Test func `what is loaded or busy doesn't move a session, what is full does`() {
    var members = [
      RouteMember.make("a", slot: 0, models: model(isLoaded: false), maxInFlight: 2),
      RouteMember.make("b", slot: 1, models: model(isLoaded: true), maxInFlight: 2),
    ]
    var bench = SelectionBench(.leastInFlight, members)
    guard let mine = (0..<100).map(session).first(where: { bench.pick(session: $0) == "a" }) else {
      Issue.record("no session goes to a")
      return
    }
    bench.load("a", 1)
    #expect(bench.choose(session: mine) == .chosen(0, breaksSession: false))
    bench.load("a", 2)
    #expect(bench.choose(session: mine) == .chosen(1, breaksSession: true))
    bench.load("b", 2)
    #expect(bench.choose(session: mine) == .full)
    bench.excluded = ["a", "b"]
    #expect(bench.choose(session: mine) == CandidateChoice.none)
    // A suspect isn't asked as long as somebody better is only busy.
    bench.excluded = []
    members[1] = .make("b", slot: 1, state: .suspect, models: model())
    bench.adopt(members)
    #expect(bench.choose(session: mine) == .full)
  }

  @Test func `a lower tier has the sessions as long as it has anybody`() {
    func members(_ state: BackendState) -> [RouteMember] {
      [
        .make("spare", slot: 0, models: model(), weight: 100, priority: 1),
        .make("a", slot: 1, state: state, models: model()),
      ]
    }
    var bench = SelectionBench(.leastInFlight, members(.ready))
    for number in 0..<100 { #expect(bench.pick(session: session(number)) == "a") }
    bench.adopt(members(.down))
    for number in 0..<100 {
      #expect(bench.choose(session: session(number)) == .chosen(1, breaksSession: true))
    }
  }

  @Test func `only engines that have the path take part`() {
    var bench = SelectionBench(
      .leastInFlight,
      [
        .make("o", slot: 0, models: model(), kind: .ollama),
        .make("v", slot: 1, models: model(), kind: .vllm, weight: 1),
      ]
    )
    for number in 0..<50 {
      let choice = bench.choose(session: session(number), family: .rerank)
      #expect(choice == .chosen(1, breaksSession: false))
    }
  }
}
