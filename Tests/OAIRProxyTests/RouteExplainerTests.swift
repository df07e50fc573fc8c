import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRProxy

struct RouteExplainerTests {
  private func member(
    _ id: String,
    _ slot: Int,
    _ state: BackendState = .ready,
    kind: Backend.Kind = .vllm,
    priority: Int = 0,
    maxInFlight: Int = 0,
    models: [String] = ["m"]
  ) -> RouteMember {
    let backend = Backend(
      id: id,
      kind: kind,
      endpoint: Endpoint(address: .loopback(port: UInt16(slot + 1))),
      priority: priority,
      maxInFlight: maxInFlight
    )
    return RouteMember(
      backend: RouteBackend(
        record: BackendRecord(backend, slot: slot, incarnation: UInt64(slot + 1)),
        state: state,
        lastError: state == .down ? "connection refused" : nil
      ),
      models: models.map { ModelDescription(id: $0) }
    )
  }

  /// A report in which slot n has so many requests in flight.
  private func report(_ inFlight: [Int], refusedBy: [Int: UInt64] = [:]) -> ProxyReport {
    ProxyReport(
      slots: inFlight.enumerated().map { slot, count in
        ProxyReport.Slot(
          incarnation: UInt64(slot + 1),
          inFlight: count,
          idleConnections: 0,
          refusedBy: refusedBy[slot] ?? 0,
          unserved: [],
          unservedUntil: 0
        )
      },
      counters: ProxyCounters(),
      connections: 0,
      heldBodyBytes: 0,
      stage: .serving
    )
  }

  private func explain(
    _ members: [RouteMember],
    _ report: ProxyReport,
    path: String = "/v1/chat/completions",
    body: String = #"{"model":"m"}"#,
    session: String? = nil,
    isListed: Bool = true,
    balance: BalancingPolicy = .leastInFlight,
    turns: Int = 0
  ) throws -> RouteExplanation {
    var report = report
    var options = ProxyOptions()
    options.selection.balance = balance
    if session != nil { options.selection.sessionHeader = "X-Session-ID" }
    report.table = RouteTable(generation: 1, members: members, isListed: isListed)
    report.selector = CandidateSelector(balance)
    report.selector.adopt(report.table, after: .empty)
    for _ in 0..<turns { takeTurn(&report) }
    return try RouteExplainer.explain(
      path: path,
      body: Array(body.utf8),
      session: session,
      report: report,
      options: options
    )
  }

  /// Has a model's first choice made.
  private func takeTurn(_ report: inout ProxyReport) {
    var random = SystemRandomNumberGenerator()
    let cells = AtomicCells(max(1, report.slots.count))
    let counts = InFlightCounts(cells)
    for (slot, known) in report.slots.enumerated() { counts.set(slot, to: known.inFlight) }
    withExtendedLifetime(cells) {
      _ = report.selector.choose(
        0,
        of: report.table,
        for: RequestFacts(entry: 0, family: .chat),
        inFlight: counts,
        random: &random
      ) { _ in false }
    }
  }

  @Test(arguments: 0..<4)
  func `whose turn it is is told, and isn't taken`(turns: Int) throws {
    let members = [member("a", 0), member("b", 1)]
    let explanation = try explain(members, report([0, 0]), balance: .roundRobin, turns: turns)
    let isFirst = turns % 2 == 0
    #expect(explanation.chosen == (isFirst ? "a" : "b"))
    #expect(explanation.decidedBy == "round_robin")
    let reasons = explanation.candidates.map(\.reason)
    #expect(reasons[isFirst ? 0 : 1].contains("it is its turn"))
    #expect(reasons[isFirst ? 1 : 0].contains("its turn comes later"))
  }

  @Test func `the first by id is told from those behind it`() throws {
    let explanation = try explain(
      [member("a", 0), member("b", 1)],
      report([9, 0]),
      balance: .firstHealthy
    )
    #expect(explanation.chosen == "a")
    #expect(explanation.candidates.map { $0.reason.contains("first") } == [true, true])
    #expect(explanation.candidates[1].reason == "a comes first by id")
  }

  @Test func `a policy of one's own is named`() throws {
    let last = CustomPolicy("last") { _, candidates in candidates.count - 1 }
    let explanation = try explain(
      [member("a", 0), member("b", 1)],
      report([0, 9]),
      balance: .custom(last)
    )
    #expect(explanation.chosen == "b" && explanation.decidedBy == "last")
    #expect(
      explanation.candidates.map(\.reason) == [
        "it may be tried; 'last' decides", "chosen by 'last'",
      ]
    )
  }

  @Test func `a session's own backend is told, and who stands in`() throws {
    let members = (0..<4).map { member("b\($0)", $0, priority: 0) }
    let first = try explain(members, report([9, 9, 9, 9]), session: "s")
    let own = try #require(first.chosen)
    #expect(first.decidedBy == "session")
    #expect(first.candidates.map(\.isEligible) == [true, true, true, true])
    let reason = first.candidates.first { $0.id == own }?.reason
    #expect(reason == "chosen: it is this session's own")
    let numbers = first.candidates.filter { $0.id != own }.map(\.reason).sorted()
    #expect(numbers == (2...4).map { "number \($0) in the order of this session" })
    let without = members.enumerated().map { slot, one in
      one.backend.record.id == own ? member(own, slot, .down) : one
    }
    let second = try explain(without, report([0, 0, 0, 0]), session: "s")
    let standIn = second.candidates.first { $0.id == second.chosen }?.reason
    #expect(standIn?.contains("number 2") == true && standIn?.contains(own) == true)
  }

  @Test func `who has made a response is told of it, and of what goes on from it`() throws {
    let members = [member("a", 0), member("b", 1)]
    var report = report([0, 9])
    report.responseOwners.learn(
      Array("resp_1".utf8),
      ResponseOwners.Owner(slot: 1, incarnation: 2)
    )
    let stored = try explain(members, report, path: "/v1/responses/resp_1", body: "")
    #expect(stored.chosen == "b" && stored.decidedBy == "stored response")
    #expect(stored.candidates.map(\.reason) == ["chosen: it has made this response"])
    let unknown = try explain(members, report, path: "/v1/responses/resp_2", body: "")
    #expect(unknown.chosen == nil && unknown.refusal?.code == "unsupported_endpoint")
    let further = try explain(
      members,
      report,
      path: "/v1/responses",
      body: #"{"model":"m","previous_response_id":"resp_1"}"#
    )
    #expect(further.chosen == "b" && further.decidedBy == "stored response")
    #expect(further.candidates[0].reason.contains("was made by b"))
    #expect(further.candidates[1].reason.contains("chosen: it has made the response"))
    let lost = try explain(
      [member("a", 0), member("b", 1, .down)],
      report,
      path: "/v1/responses/resp_1",
      body: ""
    )
    #expect(lost.refusal?.code == "no_healthy_backend")
    #expect(lost.candidates[0].reason.contains("can't be asked: down: connection refused"))
  }

  @Test func `the one with the fewest requests is chosen, and the others know why not`() throws {
    let explanation = try explain(
      [
        member("a", 0), member("b", 1), member("c", 2, .down), member("d", 3, priority: 1),
        member("e", 4, .suspect), member("f", 5, .draining), member("g", 6),
      ],
      report([5, 2, 0, 0, 0, 0, 0], refusedBy: [6: 9])
    )
    #expect(explanation.chosen == "b")
    #expect(explanation.model == "m" && explanation.servedModel == "m")
    #expect(explanation.refusal == nil)
    #expect(
      explanation.candidates.map(\.isEligible) == [true, true] + [Bool](repeating: false, count: 5)
    )
    #expect(explanation.candidates.map(\.inFlight) == [5, 2, 0, 0, 0, 0, 0])
    let words = [
      "more requests", "chosen", "connection refused", "priority 1", "suspect", "draining",
    ]
    for (candidate, word) in zip(explanation.candidates, words + ["refused a connection"]) {
      #expect(candidate.reason.contains(word), "\(candidate)")
    }
  }

  @Test func `one that is full isn't chosen`() throws {
    let explanation = try explain(
      [member("a", 0, maxInFlight: 1), member("b", 1)],
      report([1, 7])
    )
    #expect(explanation.chosen == "b")
    #expect(explanation.candidates[0].reason.contains("max_in_flight 1"))
  }

  @Test func `equals are told apart by a draw`() throws {
    let members = [member("a", 0), member("b", 1)]
    var chosen: Set<String> = []
    for _ in 0..<64 {
      let explanation = try explain(members, report([3, 3]))
      chosen.insert(try #require(explanation.chosen))
      #expect(explanation.candidates.contains { $0.reason.contains("draw") })
    }
    #expect(chosen == ["a", "b"])
  }

  @Test func `an engine without the path isn't a candidate`() throws {
    let members = [member("a", 0, kind: .ollama), member("b", 1, kind: .vllm)]
    let explanation = try explain(members, report([0, 9]), path: "/v1/score")
    #expect(explanation.chosen == "b")
    #expect(explanation.candidates[0].reason == "ollama doesn't have this path")
  }

  @Test(arguments: [
    (#"{"model":"x"}"#, "/v1/chat/completions", 404, "model_not_found"),
    (#"{"model":1}"#, "/v1/chat/completions", 400, "invalid_model_field"),
    ("{", "/v1/chat/completions", 400, "invalid_json"),
    ("", "/v1/chat/completions", 400, "invalid_json"),
    (#"{"model":"m"}"#, "/v1/files", 404, "unsupported_endpoint"),
    (#"{"model":"m"}"#, "/v1/models", 404, "unsupported_endpoint"),
    (#"{"model":"m"}"#, "", 404, "unsupported_endpoint"),
    (#"{"model":"m"}"#, "/api/chat", 404, "unsupported_endpoint"),
  ])
  func `what would be refused is refused in the same words`(
    body: String,
    path: String,
    status: Int,
    code: String
  ) throws {
    let explanation = try explain([member("a", 0)], report([0]), path: path, body: body)
    #expect(explanation.chosen == nil)
    #expect(explanation.refusal?.status == status)
    #expect(explanation.refusal?.code == code)
  }

  @Test func `with nobody to ask the answer names each one's trouble`() throws {
    let explanation = try explain(
      [member("a", 0, .down), member("b", 1, .draining)],
      report([0, 0])
    )
    #expect(explanation.refusal?.code == "no_healthy_backend")
    #expect(explanation.refusal?.message.contains("a: connection refused; b: draining") == true)
    #expect(explanation.candidates.map(\.isEligible) == [false, false])
  }

  @Test func `before the first listing nothing is known`() throws {
    let explanation = try explain([], report([]), isListed: false)
    #expect(explanation.refusal?.status == 503)
  }

  @Test func `a slot's former occupant counts for nothing but its requests`() throws {
    var report = report([2, 1], refusedBy: [0: 9])
    report.slots[0].incarnation = 99
    let explanation = try explain([member("a", 0), member("b", 1, .down)], report)
    #expect(explanation.chosen == "a")
    #expect(explanation.candidates[0].inFlight == 2)
  }
}
