import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, second part: 5 route, 6 connect, 7 send. Here is the one funnel between
// the machine, which decides, and what is done.

extension Proxy {
  /// Reports an event to the exchange's machine, and does what it answers.
  mutating func step(_ downstream: Handle, _ event: ExchangeMachine.Event) {
    let action = downstreams[downstream].exchange.machine.handle(event)
    switch action {
    case .none, .hold: break
    case .route: route(downstream)
    case .failOver:
      counters.failovers += 1
      chooseCandidate(downstream)
    case .retrySame:
      counters.retries += 1
      retrySame(downstream)
    case .connect: connect(downstream)
    case .send: sendRequest(downstream)
    case .awaitHead: awaitHead(downstream)
    case .commit: commit(downstream)
    case .finish: finishUpstream(downstream)
    case .complete: completeFraming(downstream)
    case .abort: abortResponse(downstream)
    case .answer(let failure): answerFailure(downstream, failure)
    case .cancel:
      dropUpstream(downstream)
      release(downstream)
    case .release: release(downstream)
    case .impossible:
      preconditionFailure(
        "event \(event) in phase \(downstreams[downstream].exchange.machine.phase)"
      )
    }
  }

  // MARK: 5 route

  /// Finds the model's entry, then a candidate.
  mutating func route(_ downstream: Handle) {
    if let error = peekError(downstream) {
      refuse(downstream, error)
      return
    }
    guard table.isListed else {
      // The first listing is on its way: an unknown model now may be a known one in a moment.
      waitingForListing.append(downstream)
      return
    }
    switch findEntry(downstream) {
    case .success(let entry):
      setDestination(downstream, entry.map { .entry($0) } ?? .defaultBackend)
      if let error = unservedError(downstream) {
        refuse(downstream, error)
      } else {
        chooseCandidate(downstream)
      }
    case .failure(let refusal):
      refuse(downstream, refusal.error)
    }
  }

  private mutating func setDestination(
    _ downstream: Handle,
    _ destination: Exchange.Destination
  ) {
    downstreams[downstream].exchange.destination = destination
    downstreams[downstream].exchange.routedBy = table.generation
  }

  /// Where the request goes, as the newest table says it: entries of an older one mean other models
  /// there, or nothing.
  mutating func destination(_ downstream: Handle) -> Exchange.Destination {
    if downstreams[downstream].exchange.routedBy != table.generation {
      switch findEntry(downstream) {
      case .success(let entry):
        setDestination(downstream, entry.map { .entry($0) } ?? .defaultBackend)
      // It was known when the request came: its client isn't told that it never existed.
      case .failure: setDestination(downstream, .gone)
      }
    }
    return downstreams[downstream].exchange.destination
  }

  /// Whether a backend's engine has the paths of a family.
  func serves(_ index: Int, _ family: PathFamily) -> Bool {
    table.facts[index].pathFamilies.contains(family)
  }

  /// The model is there, but none of its engines has the path.
  private mutating func unservedError(_ downstream: Handle) -> GatewayError? {
    let family = downstreams[downstream].exchange.service.family
    var kinds: [String] = []
    switch downstreams[downstream].exchange.destination {
    case .entry(let entry):
      for index in table.candidates(entry) {
        if serves(Int(index), family) { return nil }
        let kind = table.backends[Int(index)].record.kind.name
        if !kinds.contains(kind) { kinds.append(kind) }
      }
    case .defaultBackend:
      guard let index = table.defaultBackend, !serves(index, family) else { return nil }
      kinds = [table.backends[index].record.kind.name]
    case .gone, .unresolved: return nil
    }
    guard !kinds.isEmpty else { return nil }
    let engines = kinds.joined(separator: ", ")
    let advice = "The model '\(modelText(downstream))' is served by \(engines), without that path."
    return GatewayError(.unsupportedEndpoint, targetText(downstream), advice: advice)
  }

  private struct Refusal: Error { let error: GatewayError }

  private func peekError(_ downstream: Handle) -> GatewayError? {
    switch downstreams[downstream].exchange.peek.problem {
    case nil: return nil
    case .form(let problem)?: return Self.formError(problem)
    case .json where downstreams[downstream].exchange.body.isEmpty:
      return GatewayError(.invalidJSON, advice: "it is empty")
    case .json(let problem)?: return Self.jsonError(problem)
    }
  }

  private static func jsonError(_ problem: JSONPeekError) -> GatewayError {
    switch problem {
    case .notAnObject: GatewayError(.invalidJSON, advice: "it is another kind of value")
    case .invalidJSON(let offset): GatewayError(.invalidJSON, "\(offset)")
    case .duplicateModel(let offset): GatewayError(.duplicateModel, "\(offset)")
    case .modelNotAString(let offset): GatewayError(.modelNotAString, "\(offset)")
    case .modelTooLong(let offset): GatewayError(.modelTooLong, "\(offset)")
    }
  }

  private static func formError(_ problem: MultipartPeekError) -> GatewayError {
    switch problem {
    case .broken(let offset): GatewayError(.invalidForm, "it goes wrong at byte \(offset)")
    case .duplicateModel(let offset): GatewayError(.duplicateModel, "\(offset)")
    case .modelTooLong(let offset): GatewayError(.modelTooLong, "\(offset)")
    }
  }

  /// No `model`: the default backend's, or the only one there is.
  ///
  /// An unknown one: the default backend, if there is one.
  private mutating func findEntry(_ downstream: Handle) -> Result<Int?, Refusal> {
    guard let range = downstreams[downstream].exchange.modelRange else {
      if table.defaultBackend != nil { return .success(nil) }
      if let only = table.onlyModel { return .success(only) }
      let models = table.modelCount
      return .failure(
        Refusal(
          error: GatewayError(
            .missingModel,
            advice: "Name one of the \(models) models that GET /v1/models lists."
          )
        )
      )
    }
    if let entry = lookUp(downstream, range) { return .success(entry) }
    if table.defaultBackend != nil { return .success(nil) }
    let name = modelText(downstream)
    if !table.unlistedBackends.isEmpty {
      let silent = table.unlistedBackends.prefix(8).joined(separator: ", ")
      return .failure(Refusal(error: GatewayError(.modelsUnknown, name, advice: silent)))
    }
    let near = table.nearNames(name)
    let advice =
      near.isEmpty
      ? "GET /v1/models lists what there is." : "Near: \(near.joined(separator: ", "))."
    return .failure(Refusal(error: GatewayError(.modelNotFound, name, advice: advice)))
  }

  private mutating func lookUp(_ downstream: Handle, _ range: Range<Int>) -> Int? {
    let bytes = downstreams[downstream].exchange.request.bytes
    if !downstreams[downstream].exchange.peek.isModelEscaped {
      return table.entry(for: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
    let body = downstreams[downstream].exchange.body
    guard
      let count = downstreams[downstream].exchange.peek.copyModel(from: body, into: scratch.head)
    else { return nil }
    return table.entry(for: UnsafeRawBufferPointer(rebasing: scratch.head[..<count]))
  }

  /// The model's name for texts that a user reads.
  mutating func modelText(_ downstream: Handle) -> String {
    let body = downstreams[downstream].exchange.body
    guard downstreams[downstream].exchange.peek.modelRange != nil,
      let count = downstreams[downstream].exchange.peek.copyModel(from: body, into: scratch.head)
    else { return "" }
    return String(decoding: scratch.head[..<count], as: UTF8.self)
  }

  mutating func chooseCandidate(_ downstream: Handle) {
    guard let index = pickCandidate(downstream) else {
      step(downstream, .exhausted)
      return
    }
    beginAttempt(downstream, table.backends[index].record)
  }

  /// What an exchange asks of a candidate.
  private struct Eligibility {
    let tried: TriedBackends
    let family: PathFamily
    var heedsUnserved = true
  }

  mutating func pickCandidate(_ downstream: Handle) -> Int? {
    var eligibility = Eligibility(
      tried: downstreams[downstream].exchange.tried,
      family: downstreams[downstream].exchange.service.family
    )
    if let index = pickCandidate(downstream, eligibility) { return index }
    guard downstreams[downstream].exchange.machine.attempts == 0 else { return nil }
    // All of them have said that they don't have the path: one says so again, in its own words.
    eligibility.heedsUnserved = false
    return pickCandidate(downstream, eligibility)
  }

  private mutating func pickCandidate(_ downstream: Handle, _ eligibility: Eligibility) -> Int? {
    let entry: Int
    switch destination(downstream) {
    case .entry(let index): entry = index
    case .defaultBackend:
      guard let index = table.defaultBackend, state(ofBackend: index, eligibility).isUsable else {
        return nil
      }
      return index
    case .gone, .unresolved: return nil
    }
    let candidates = table.candidates(entry)
    let facts = table.facts
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, candidates.count)) {
      eligible in
      let count = CandidateTier.collect(candidates, facts: facts, into: eligible) {
        state(ofBackend: $0, eligibility)
      }
      return LeastInFlight.pick(
        UnsafeBufferPointer(rebasing: eligible[..<count]),
        facts: facts,
        inFlight: slots.inFlight,
        random: &random
      )
    }
  }

  /// The table's state, or what this reactor knows better: a refusal counts at once, long before
  /// the registry has published it.
  private func state(ofBackend index: Int, _ eligibility: Eligibility) -> BackendState {
    let fact = table.facts[index]
    let family = eligibility.family
    if eligibility.tried.contains(fact.slot) || !fact.pathFamilies.contains(family) {
      return .down
    }
    let account = slots[Int(fact.slot)]
    if eligibility.heedsUnserved, account.unservedUntil > reactor.now,
      account.incarnation == fact.incarnation, account.unserved.contains(family)
    {
      return .down
    }
    if account.incarnation == fact.incarnation, account.refusedBy > fact.acknowledgedSignal {
      return .down
    }
    return fact.state
  }

  private mutating func beginAttempt(_ downstream: Handle, _ record: BackendRecord) {
    counters.attempts += 1
    downstreams[downstream].exchange.tried.insert(record.slot)
    downstreams[downstream].exchange.record = record
    slots.begin(record.slot)
    // A reused connection may turn out to be closed when it is too late to send the request again.
    let mayReuse = downstreams[downstream].exchange.service.isRepeatable
    guard mayReuse, let idle = takeIdle(record) else {
      step(downstream, .chosen(isConnected: false))
      return
    }
    counters.upstreamReuses += 1
    downstreams[downstream].exchange.upstream = idle
    upstreams[idle].begin(for: downstream)
    step(downstream, .chosen(isConnected: true))
  }

  /// The backend had closed an idle connection while the request was on its way: nothing can have
  /// been processed, so the same one is asked again, on a connection that can't be stale.
  private mutating func retrySame(_ downstream: Handle) {
    guard let record = downstreams[downstream].exchange.record else {
      chooseCandidate(downstream)
      return
    }
    slots.begin(record.slot)
    step(downstream, .chosen(isConnected: false))
  }

  // MARK: 6 connect

  private mutating func connect(_ downstream: Handle) {
    guard let record = downstreams[downstream].exchange.record else {
      preconditionFailure("an attempt without a backend")
    }
    if upstreams.isFull || reactor.isFull { closeOldestIdle() }
    guard !upstreams.isFull, !reactor.isFull else {
      cannotConnect(downstream)
      return
    }
    let upstream = upstreams.insert(
      Upstream(registration: .none, record: record, limits: limits.http)
    )
    do {
      let registration = try reactor.connect(
        to: record.address,
        owner: OwnerTag(.upstream, upstream).bits
      )
      counters.upstreamConnections += 1
      upstreams[upstream].registration = registration
      upstreams[upstream].begin(for: downstream)
      downstreams[downstream].exchange.upstream = upstream
      reactor.setDeadline(registration, at: reactor.now &+ deadlines.connect)
    } catch {
      _ = upstreams.remove(upstream)
      connectFailed(downstream, record, error.errno)
    }
  }

  /// The router has nothing left to connect with, which says nothing of the backend.
  private mutating func cannotConnect(_ downstream: Handle) {
    counters.connectExhaustion += 1
    downstreams[downstream].exchange.tried.note(.exhausted)
    endAttempt(downstream)
    step(downstream, .lost(.notConnected))
  }

  private mutating func connectFailed(
    _ downstream: Handle,
    _ record: BackendRecord,
    _ error: Errno
  ) {
    if error.isExhaustion {
      cannotConnect(downstream)
      return
    }
    if error.saysNobodyIsThere {
      signal(.refused, record)
    } else if error == .timedOut {
      signal(.connectTimedOut, record)
    } else {
      // Out of local ports, forbidden by a firewall of our own: no word of the backend.
      counters.connectTroubles += 1
    }
    downstreams[downstream].exchange.tried.note(.notConnected)
    endAttempt(downstream)
    step(downstream, .lost(.notConnected))
  }

  mutating func upstreamConnected(_ upstream: Handle) {
    let registration = upstreams[upstream].registration
    let downstream = upstreams[upstream].downstream
    if let error = reactor.connectError(registration) {
      let record = upstreams[upstream].record
      closeUpstream(upstream)
      connectFailed(downstream, record, error)
      return
    }
    upstreams[upstream].phase = .exchanging
    step(downstream, .connected)
  }

  // MARK: 7 send

  private mutating func sendRequest(_ downstream: Handle) {
    let upstream = downstreams[downstream].exchange.upstream
    let registration = upstreams[upstream].registration
    upstreams[upstream].phase = .exchanging
    upstreams[upstream].beganAt = reactor.now
    reactor.setDeadline(registration, at: firstByteDeadline(downstream))
    let headCount = writeUpstreamHead(downstream, upstreams[upstream].record)
    let head = UnsafeRawBufferPointer(rebasing: scratch.head[..<headCount])
    let body = downstreams[downstream].exchange.body
    let result =
      body.isEmpty
      ? reactor.send(registration, head) : reactor.send(registration, head, body)
    var sent = 0
    switch result {
    case .bytes(let count): sent = count
    case .wouldBlock: break
    case .endOfFile, .failed:
      // It may have answered before it closed: that is read first.
      upstreams[upstream].output.append(head)
      readUpstream(upstream)
      return
    }
    if sent < headCount {
      upstreams[upstream].output.append(UnsafeRawBufferPointer(rebasing: head[sent...]))
    }
    upstreams[upstream].bodySent = max(0, sent - headCount)
    guard sent == headCount + body.count else { return }
    if downstreams[downstream].exchange.isStreamed {
      sendUpload(upstream, downstream)
    } else {
      requestSent(upstream, downstream)
    }
  }

  /// Goes on with what the kernel didn't take.
  mutating func sendRest(_ upstream: Handle) {
    let registration = upstreams[upstream].registration
    let downstream = upstreams[upstream].downstream
    let body = downstreams[downstream].exchange.body
    let rest = UnsafeRawBufferPointer(rebasing: body.dropFirst(upstreams[upstream].bodySent))
    let head = upstreams[upstream].output.bytes
    if head.isEmpty, rest.isEmpty {
      sendUpload(upstream, downstream)
      return
    }
    let result: IOResult
    if head.isEmpty {
      result = reactor.send(registration, rest)
    } else if rest.isEmpty {
      result = reactor.send(registration, head)
    } else {
      result = reactor.send(registration, head, rest)
    }
    guard case .bytes(let count) = result else { return }
    let ofHead = min(count, head.count)
    let isDone = count == head.count + rest.count
    upstreams[upstream].output.consume(ofHead)
    upstreams[upstream].bodySent += count - ofHead
    // A backend that takes the request slowly is at work on it: the time runs from its last byte.
    reactor.setDeadline(registration, at: firstByteDeadline(downstream))
    guard isDone else { return }
    if downstreams[downstream].exchange.isStreamed {
      sendUpload(upstream, downstream)
    } else {
      requestSent(upstream, downstream)
    }
  }

  /// Passes on what has come of a streamed body.
  private mutating func sendUpload(_ upstream: Handle, _ downstream: Handle) {
    let registration = upstreams[upstream].registration
    guard !upstreams[upstream].isRequestSent else { return }
    let waiting = downstreams[downstream].exchange.upload.count
    if waiting > 0 {
      let result = reactor.send(registration, downstreams[downstream].exchange.upload.bytes)
      guard case .bytes(let count) = result else { return }
      reactor.setDeadline(registration, at: firstByteDeadline(downstream))
      uploadTaken(downstream, count)
      guard count == waiting else { return }
    }
    if downstreams[downstream].exchange.machine.request == .ended {
      requestSent(upstream, downstream)
    } else if !downstreams[downstream].exchange.machine.isCommitted {
      // The backend isn't slow: its client is.
      reactor.setDeadline(registration, at: .max)
    }
  }

  private mutating func requestSent(_ upstream: Handle, _ downstream: Handle) {
    upstreams[upstream].isRequestSent = true
    if !downstreams[downstream].exchange.service.isRepeatable { step(downstream, .consumed) }
    step(downstream, .sent)
    if downstreams[downstream].exchange.machine.isCommitted { releaseBody(downstream) }
  }

  private mutating func awaitHead(_ downstream: Handle) {
    let registration = upstreams[downstreams[downstream].exchange.upstream].registration
    reactor.setDeadline(registration, at: firstByteDeadline(downstream))
  }

  /// Writes the head into `scratch.head`.
  private mutating func writeUpstreamHead(_ downstream: Handle, _ record: BackendRecord) -> Int {
    let head = downstreams[downstream].exchange.head
    let request = parsedHead(downstream)
    var canonical: StaticString?
    if case .routed(_, let path?) = downstreams[downstream].exchange.route {
      canonical = path.path
    }
    let writer = UpstreamHeadWriter(
      head: head,
      request: request,
      record: record,
      peer: downstreams[downstream].peer,
      canonicalPath: canonical,
      framing: upstreamFraming(downstream)
    )
    let facts = forwardedFacts(downstream)
    var out = HeadWriter(scratch.head)
    writer.write(scratch.requestTable, facts: facts, to: &out)
    let beginning = downstreams[downstream].exchange.body.count
    if upstreamFraming(downstream) == .chunked, beginning > 0 {
      // What is at hand is the first chunk.
      out.append(hexadecimal: beginning)
      out.append("\r\n")
    }
    // The scratch holds twice the largest head, and what we add is bounded by it.
    precondition(!out.isOverflowed && !out.isInvalid, "a head that was accepted doesn't fit")
    return out.count
  }

  /// A body that is held has a length, however it came.
  private func upstreamFraming(_ downstream: Handle) -> MessageFraming {
    if downstreams[downstream].exchange.isStreamed {
      return downstreams[downstream].exchange.framing
    }
    return .length(downstreams[downstream].exchange.body.count)
  }

  /// The request's head with its fields in `scratch.requestTable`: still there from its reading,
  /// or parsed again for a later attempt.
  private mutating func parsedHead(_ downstream: Handle) -> RequestHead {
    let serial = downstreams[downstream].exchange.serial
    if scratch.parsedSerial == serial, let head = scratch.requestHead { return head }
    let bytes = downstreams[downstream].exchange.head
    let parsed = RequestHeadParser.parse(
      bytes,
      previouslyScanned: 0,
      into: &scratch.requestTable,
      limits: limits.http
    )
    guard case .head(let head) = parsed else {
      preconditionFailure("a head that parsed before doesn't any more")
    }
    scratch.requestHead = head
    scratch.parsedSerial = serial
    return head
  }

  func forwardedFacts(_ downstream: Handle) -> ForwardedFacts {
    if let range = downstreams[downstream].exchange.requestID {
      let bytes = downstreams[downstream].exchange.head[range.range]
      return ForwardedFacts(requestID: UnsafeRawBufferPointer(rebasing: bytes))
    }
    let own = requestIDs.write(
      downstreams[downstream].exchange.serial,
      to: scratch.requestID
    )
    return ForwardedFacts(requestID: own)
  }
}
