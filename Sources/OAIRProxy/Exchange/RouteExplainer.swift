import OAIRHTTP1
import OAIRReactor
import OAIRRouting
public import OAIRSys
import OAIRWire

/// Says where a request would go, without sending it.
///
/// A proxy of its own decides, one without listeners and connections: it is given what the real one
/// knows, its route table, counters, turns and stored responses. So the answer comes from the code
/// that routes. Runs wherever it is called, never on a reactor. A custom policy is asked once more.
public enum RouteExplainer {
  /// Explains one request.
  ///
  /// - Parameters:
  ///   - path: of the endpoint, such as `/v1/chat/completions`; of a stored response, it is taken
  ///     for a GET.
  ///   - body: the request's body, JSON.
  ///   - session: the id of its session, if it has one; it has no say while sessions don't matter.
  ///   - report: what the data plane knows.
  ///   - options: those of the data plane.
  /// - Throws: `SystemError` when no descriptor is left.
  public static func explain(
    path: String,
    body: [UInt8],
    session: String? = nil,
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
    proxy.adopt(report.table)
    // After it: a new table's turns begin anew.
    proxy.selector = report.selector
    proxy.commons.responseOwners = report.responseOwners
    return proxy.explain(path: path, body: body, session: session)
  }
}

extension Proxy {
  /// Takes a request up to the point where an attempt would begin.
  fileprivate mutating func explain(
    path: String,
    body: [UInt8],
    session: String?
  ) -> RouteExplanation {
    var explanation = RouteExplanation()
    let downstream = insertRequest(path: path, body: body)
    if let session, settings.sessionField != nil {
      downstreams[downstream].exchange.session = Array(session.utf8).withUnsafeBytes {
        StableHash.of($0)
      }
    }
    switch downstreams[downstream].exchange.route {
    case .routed: explainRouted(downstream, &explanation)
    case .stored(let id): explainStored(downstream, id, &explanation)
    default:
      explanation.refuse(
        GatewayError(
          .unsupportedEndpoint,
          path,
          advice: "It isn't a path whose requests go by their body."
        )
      )
    }
    return explanation
  }

  private mutating func explainRouted(_ downstream: Handle, _ explanation: inout RouteExplanation) {
    let finding = findDestination(downstream)
    let asked = modelText(downstream)
    explanation.model = asked.isEmpty ? nil : asked
    switch finding {
    case .refused(let error): return explanation.refuse(error)
    case .notListedYet:
      return explanation.refuse(
        GatewayError(.modelsUnknown, asked, advice: "one of the backends")
      )
    case .found: break
    }
    // A choice takes a turn: what was decided is told by what was there before it.
    let before = selector
    var chosen: Int?
    switch nextChoice(downstream) {
    case .chosen(let index, _): chosen = index
    case .full: explanation.waits = true
    case .none: explanation.refuse(noCandidateError(downstream))
    }
    selector = before
    explanation.chosen = chosen.map { table.backends[$0].record.id }
    switch destination(downstream) {
    case .entry(let entry):
      explanation.servedModel = String(decoding: table.modelName(entry), as: UTF8.self)
      judge(
        RouteJudgement(
          candidates: table.candidates(entry).map(Int.init),
          ranks: Array(table.ranks(entry)),
          chosen: chosen,
          basis: basis(downstream, entry, chosen)
        ),
        downstream,
        &explanation
      )
    case .defaultBackend:
      let candidates = table.defaultBackend.map { [$0] } ?? []
      let ranks = candidates.map { index in
        CandidateRank.of(table.facts[index].state, priority: table.facts[index].priority)
      }
      judge(
        RouteJudgement(
          candidates: candidates,
          ranks: ranks,
          chosen: chosen,
          basis: .defaultBackend
        ),
        downstream,
        &explanation
      )
    case .owner, .gone, .unresolved: break
    }
  }

  /// What decides among a model's candidates.
  private mutating func basis(
    _ downstream: Handle,
    _ entry: Int,
    _ chosen: Int?
  ) -> RouteJudgement.Basis {
    if let index = predecessorsBackend(downstream), chosen == index || chosen == nil {
      return .predecessor(index)
    }
    let session = downstreams[downstream].exchange.session
    return session == 0 ? .policy(entry) : .session(session)
  }

  private mutating func explainStored(
    _ downstream: Handle,
    _ id: Range<Int>,
    _ explanation: inout RouteExplanation
  ) {
    let bytes = downstreams[downstream].exchange.head[pathRange(downstream, id)]
    let name = UnsafeRawBufferPointer(rebasing: bytes)
    let maker = commons.owner(of: name)
    guard let owner = maker ?? onlyOwner() else {
      return explanation.refuse(unknownResponseError(downstream, name))
    }
    downstreams[downstream].exchange.destination = .owner(owner)
    var chosen: Int?
    if case .chosen(let index, _) = candidateChoice(downstream) { chosen = index }
    if chosen == nil { explanation.refuse(noCandidateError(downstream)) }
    explanation.chosen = chosen.map { table.backends[$0].record.id }
    explanation.decidedBy = "stored response"
    guard let index = index(of: owner) else { return }
    let isLost = chosen == nil
    let role = maker == nil ? "it is the only one that can have it" : "it has made this response"
    explanation.candidates = [
      candidate(
        index,
        isEligible: !isLost,
        isLost ? "\(role), and can't be asked: \(trouble(index))" : "chosen: \(role)"
      )
    ]
  }

  /// An exchange whose body is whole, on a connection that isn't there.
  private mutating func insertRequest(path: String, body: [UInt8]) -> Handle {
    let downstream = downstreams.insert(
      Downstream(
        registration: .none,
        peer: .unix(""),
        checksHost: false,
        resting: exchanges.resting
      )
    )
    beginExchange(on: downstream)
    downstreams[downstream].exchange.become(path: path, body: body)
    return downstream
  }
}

extension Exchange {
  /// The whole of a request, as if it had come.
  fileprivate mutating func become(path: String, body: [UInt8]) {
    request.append(Array("POST \(path) HTTP/1.1\r\n\r\n".utf8))
    headLength = request.count
    request.append(body)
    framing = .length(body.count)
    bodyLength = body.count
    method = .post
    let start = "POST ".utf8.count
    target = ByteRange(start, start + path.utf8.count)
    route = Array(path.utf8).withUnsafeBytes { PathTable.route($0) }
    peek.scan(self.body, isComplete: true)
    _ = machine.handle(.bodyEnded)
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
