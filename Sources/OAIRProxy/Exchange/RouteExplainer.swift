import OAIRHTTP1
import OAIRReactor
public import OAIRRouting
public import OAIRSys
import OAIRWire

/// Says where a request would go, without sending it.
///
/// A proxy of its own decides, one without listeners and connections: it is given the route table,
/// and what the real one knows of its backends. So the answer comes from the code that routes.
/// Runs wherever it is called, never on a reactor.
public enum RouteExplainer {
  /// Explains one request.
  ///
  /// - Parameters:
  ///   - path: of the endpoint, such as `/v1/chat/completions`.
  ///   - body: the request's body, JSON.
  ///   - table: the newest table.
  ///   - report: what the data plane knows; made with the same table or an older one.
  ///   - options: those of the data plane.
  /// - Throws: `SystemError` when no descriptor is left.
  public static func explain(
    path: String,
    body: [UInt8],
    table: RouteTable,
    report: ProxyReport,
    options: ProxyOptions
  ) throws(SystemError) -> RouteExplanation {
    var generator = SystemRandomNumberGenerator()
    var proxy = Proxy(
      kernel: try LinuxKernel(),
      options: options,
      connections: 1,
      seed: generator.next()
    )
    proxy.slots.adopt(report.slots)
    // After it: slots may have got other occupants since the report was made.
    proxy.adopt(table)
    return proxy.explain(path: path, body: body)
  }
}

extension Proxy {
  /// Takes a request up to the point where an attempt would begin.
  fileprivate mutating func explain(path: String, body: [UInt8]) -> RouteExplanation {
    var explanation = RouteExplanation()
    let downstream = insertRequest(path: path, body: body)
    guard case .routed = downstreams[downstream].exchange.route else {
      explanation.refuse(
        GatewayError(
          .unsupportedEndpoint,
          path,
          advice: "It isn't a path whose requests go by their body."
        )
      )
      return explanation
    }
    let finding = findDestination(downstream)
    let asked = modelText(downstream)
    explanation.model = asked.isEmpty ? nil : asked
    switch finding {
    case .refused(let error):
      explanation.refuse(error)
      return explanation
    case .notListedYet:
      explanation.refuse(GatewayError(.modelsUnknown, asked, advice: "one of the backends"))
      return explanation
    case .found: break
    }
    var chosen: Int?
    switch nextChoice(downstream) {
    case .chosen(let index, _): chosen = index
    case .full: explanation.waits = true
    case .none: explanation.refuse(noCandidateError(downstream))
    }
    explanation.chosen = chosen.map { table.backends[$0].record.id }
    switch destination(downstream) {
    case .entry(let entry):
      explanation.servedModel = String(decoding: table.modelName(entry), as: UTF8.self)
      let candidates = table.candidates(entry).map(Int.init)
      judge(candidates, ranks: Array(table.ranks(entry)), chosen, downstream, &explanation)
    case .defaultBackend:
      let candidates = table.defaultBackend.map { [$0] } ?? []
      let ranks = candidates.map { index in
        CandidateRank.of(table.facts[index].state, priority: table.facts[index].priority)
      }
      judge(candidates, ranks: ranks, chosen, downstream, &explanation)
    // Whose response it is about isn't told by a body.
    case .owner, .gone, .unresolved: break
    }
    return explanation
  }

  /// An exchange whose body is whole, on a connection that isn't there.
  private mutating func insertRequest(path: String, body: [UInt8]) -> Handle {
    var exchange = newExchange()
    exchange.request.append(Array("POST \(path) HTTP/1.1\r\n\r\n".utf8))
    exchange.headLength = exchange.request.count
    exchange.request.append(body)
    exchange.framing = .length(body.count)
    exchange.bodyLength = body.count
    exchange.method = .post
    let start = "POST ".utf8.count
    exchange.target = ByteRange(start, start + path.utf8.count)
    exchange.route = Array(path.utf8).withUnsafeBytes { PathTable.route($0) }
    exchange.peek.scan(exchange.body, isComplete: true)
    _ = exchange.machine.handle(.bodyEnded)
    return downstreams.insert(
      Downstream(registration: .none, peer: .unix(""), checksHost: false, exchange: exchange)
    )
  }

  private func judge(
    _ candidates: [Int],
    ranks: [Int64],
    _ chosen: Int?,
    _ downstream: Handle,
    _ explanation: inout RouteExplanation
  ) {
    let family = downstreams[downstream].exchange.service.family
    var excluded = ExcludedCandidates(
      tried: downstreams[downstream].exchange.tried,
      family: family,
      facts: table.facts,
      accounts: slots.allAccounts,
      now: reactor.now
    )
    var eligible = self.eligible(candidates, ranks, excluded)
    if eligible.isEmpty, chosen != nil {
      excluded.heedsUnserved = false
      eligible = self.eligible(candidates, ranks, excluded)
    }
    explanation.candidates = zip(candidates, ranks).map { index, rank in
      let fact = table.facts[index]
      let isEligible = eligible.contains(index)
      return RouteExplanation.Candidate(
        id: table.backends[index].record.id,
        state: fact.state,
        isEligible: isEligible,
        reason: isEligible
          ? standing(index, chosen, eligible) : exclusion(index, rank, excluded),
        inFlight: Int(slots.inFlight[Int(fact.slot)]),
        weight: Int(fact.weight),
        priority: Int(fact.priority),
        maxInFlight: Int(fact.maxInFlight)
      )
    }
  }

  private func eligible(
    _ candidates: [Int],
    _ ranks: [Int64],
    _ excluded: ExcludedCandidates
  ) -> [Int] {
    var room = [Int32](repeating: 0, count: candidates.count)
    let tier = candidates.map { Int32($0) }.withUnsafeBufferPointer { candidates in
      ranks.withUnsafeBufferPointer { ranks in
        room.withUnsafeMutableBufferPointer { room in
          CandidateTier.collect(
            candidates,
            ranks: ranks,
            facts: table.facts,
            inFlight: slots.inFlight,
            into: room
          ) { excluded.contains($0) }
        }
      }
    }
    return room[..<tier.count].map { Int($0) }
  }

  /// How one of those that may be tried stands against the others.
  private func standing(_ index: Int, _ chosen: Int?, _ eligible: [Int]) -> String {
    let fact = table.facts[index]
    let load = Int(slots.inFlight[Int(fact.slot)])
    guard let chosen else { return "it may be tried" }
    let best = table.facts[chosen]
    let bestLoad = Int(slots.inFlight[Int(best.slot)])
    if index == chosen {
      if eligible.count == 1 { return "chosen: it is the only one that may be tried now" }
      return selector.policy == .leastInFlight
        ? "chosen: no other one that was looked at has fewer requests in flight for its weight"
        : "chosen by \(selector.policy)"
    }
    if selector.policy != .leastInFlight { return "it may be tried; \(selector.policy) decides" }
    if load * Int(best.weight) == bestLoad * Int(fact.weight) {
      return "as good as the chosen one: a draw decides each time"
    }
    return load * Int(best.weight) > bestLoad * Int(fact.weight)
      ? "more requests in flight for its weight than the chosen one"
      : "not looked at: of more than \(LeastInFlight.exactBound), two are drawn each time"
  }

  /// Why one can't be tried now, or only after others.
  private func exclusion(
    _ index: Int,
    _ rank: Int64,
    _ excluded: ExcludedCandidates
  ) -> String {
    let backend = table.backends[index]
    let fact = table.facts[index]
    if !serves(index, excluded.family) {
      return "\(backend.record.kind.name) doesn't have this path"
    }
    if fact.state.isUsable, !excluded.contains(index) {
      if fact.isFull(slots.inFlight) {
        return "it has as many requests as it may have (max_in_flight \(fact.maxInFlight))"
      }
      if fact.state == .suspect { return "suspect: it is asked when no other one can be" }
      return rank == CandidateRank.of(fact.state, priority: fact.priority, isCold: true)
        ? "the model isn't loaded there: those that have it come first"
        : "priority \(fact.priority): a lower one comes first"
    }
    if !fact.state.isUsable {
      return backend.lastError.map { "\(fact.state.name): \($0)" } ?? fact.state.name
    }
    let account = slots[Int(fact.slot)]
    return account.refusedBy > fact.acknowledgedSignal
      ? "down: it refused a connection just now" : "it has answered that it doesn't have this path"
  }
}

extension RouteExplanation {
  fileprivate mutating func refuse(_ error: GatewayError) {
    let response = ErrorResponse(error)
    refusal = Refusal(
      status: response.status,
      code: response.code.text,
      message: response.message
    )
  }
}
