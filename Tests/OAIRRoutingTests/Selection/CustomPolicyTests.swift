import OAIRRouting
import Synchronization
import Testing

struct CustomPolicyTests {
  private let members: [RouteMember] = [
    .make("a", slot: 0, models: model(), kind: .vllm, weight: 3, maxInFlight: 9),
    .make("b", slot: 1, models: model(), priority: 0),
    .make("spare", slot: 2, models: model(), priority: 1),
  ]

  @Test func `it sees the request and the candidates of the best tier, and decides`() {
    let seen = Mutex<[String]>([])
    let policy = CustomPolicy("longest to a") { request, candidates in
      seen.withLock { seen in
        seen = candidates.map {
          "\($0.id) \($0.kind) \($0.weight) \($0.priority) \($0.maxInFlight) \($0.inFlight)"
        }
        seen.append("\(candidates.model) \(request.family) \(request.bodyLength)")
      }
      return candidates.firstIndex { $0.id == "b" }
    }
    var bench = SelectionBench(.custom(policy), members)
    bench.load("a", 4)
    #expect(bench.pick() == "b")
    #expect(seen.withLock { $0 } == ["a vllm 3 0 9 4", "b generic 1 0 0 0", "m chat 0"])
    bench.excluded = ["a", "b"]
    // None of its own: the choice is left to the default.
    #expect(bench.pick() == "spare")
  }

  @Test func `it isn't asked when it is only to be known if there is somebody`() {
    let asked = Mutex(0)
    let policy = CustomPolicy("counts") { _, _ in
      asked.withLock { $0 += 1 }
      return 0
    }
    var bench = SelectionBench(.custom(policy), members)
    #expect(bench.look() == .chosen(0, breaksSession: false))
    bench.excluded = ["a", "b", "spare"]
    #expect(bench.look() == .none)
    #expect(asked.withLock { $0 } == 0)
  }

  @Test func `a choice that isn't there is counted, and made otherwise`() {
    var bench = SelectionBench(.custom(CustomPolicy("wild") { _, _ in 7 }), members)
    bench.load("a", 1)
    #expect(bench.pick() == "b")
    #expect(bench.selector.strayChoices == 1)
  }

  @Test func `candidates may be kept longer than the table lives`() {
    let kept = Mutex<PolicyCandidates?>(nil)
    let policy = CustomPolicy("keeps") { _, candidates in
      kept.withLock { $0 = candidates }
      return 0
    }
    var bench = SelectionBench(.custom(policy), members)
    #expect(bench.pick() == "a")
    bench.adopt([])
    #expect(kept.withLock { $0?.map(\.id) } == ["a", "b"])
  }

  @Test func `a policy equals itself only`() {
    let policy = CustomPolicy("p") { _, _ in nil }
    #expect(BalancingPolicy.custom(policy) == .custom(policy))
    #expect(BalancingPolicy.custom(policy) != .custom(CustomPolicy("p") { _, _ in nil }))
  }
}
