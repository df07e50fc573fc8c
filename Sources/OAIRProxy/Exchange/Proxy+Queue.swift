import OAIRReactor
import OAIRRouting
import OAIRSys

// Each backend that could take a request is at its `max_in_flight`: the request waits. It goes on
// when a place is free or a new table brings one, and gives up when its client leaves, its time is
// over, or too many wait already. Nobody looks again and again: whatever frees a place says so, and
// places are given out once per tick, to the models in turn.

extension Proxy {
  /// A request that has just come: those that wait for a place have been there before it.
  mutating func chooseBehindWaiting(_ downstream: Handle) {
    guard isShared else {
      if isPlaceFreed { grantPlaces() }
      return chooseCandidate(downstream)
    }
    if isPlaceFreed || freed.count > 0 { offerPlaces() }
    let choice = nextChoice(downstream)
    // Kinds of places are few, and others may wait for another one of the same kind: that is worth
    // a millisecond in the queue, but no refusal.
    let waits = isAwaitedAnywhere(choice) && commons.queueLength < queue.limit
    if waits { awaitPlace(downstream) } else { take(choice, for: downstream) }
  }

  /// No candidate has a place for it.
  mutating func awaitPlace(_ downstream: Handle) {
    let lane = queueLane(downstream)
    // All its waits together have one time: for its own model, and for those in its place.
    let since = reactor.now &- downstreams[downstream].exchange.waited
    guard commons.enterQueue(limit: queue.limit),
      let ticket = queue.append(downstream, to: lane, since: since)
    else {
      counters.queueLimit += 1
      refuse(downstream, queueFullError(downstream, lane))
      return
    }
    counters.queueWaits += 1
    queueChange = .grown
    downstreams[downstream].exchange.ticket = ticket
    reactor.setDeadline(downstreams[downstream].registration, at: queueDeadline(ticket))
  }

  /// It is served now, or refused, or its client has left.
  mutating func leaveQueue(_ downstream: Handle) {
    let ticket = downstreams[downstream].exchange.ticket
    guard ticket != .none else { return }
    let waited = reactor.now &- queue.since(ticket)
    downstreams[downstream].exchange.waited = waited
    telemetry.total.queue.add(waited, unit: HistogramUnit.queue)
    queue.remove(ticket)
    commons.leaveQueue()
    if queueChange == .none { queueChange = .shrunk }
    downstreams[downstream].exchange.ticket = .none
    let registration = downstreams[downstream].registration
    if !downstreams[downstream].output.isEmpty {
      return awaitTaking(downstream)
    }
    let isReading = wantsBody(downstream)
    reactor.setDeadline(
      registration,
      at: isReading ? reactor.now &+ settings(of: downstream).deadlines.bodyIdle : .max
    )
    // What the kernel holds already of a streamed body raises no new edge.
    if isReading { reactor.postpone(registration) }
  }

  /// When a waiting request gives up.
  func queueDeadline(_ ticket: RequestQueue.Ticket) -> UInt64 {
    queue.since(ticket) &+ settings(of: queue.exchange(ticket)).deadlines.queue
  }

  /// The deadline of a waiting request's connection has passed.
  mutating func queueTimedOut(_ downstream: Handle) {
    let ticket = downstreams[downstream].exchange.ticket
    if reactor.now >= queueDeadline(ticket) {
      counters.queueTimeouts += 1
      refuse(downstream, queueTimeoutError(downstream))
    } else if downstreams[downstream].output.isEmpty {
      reactor.setDeadline(downstreams[downstream].registration, at: queueDeadline(ticket))
    } else {
      counters.downstreamTimeouts += 1
      cutOff(downstream)
    }
  }

  // MARK: Giving places out

  /// A backend works on one request fewer.
  mutating func endRequest(_ slot: Int) {
    slots.inFlight.end(slot)
    if !queue.isEmpty { isPlaceFreed = true }
    if isShared { notePlaceFreed(slot) }
  }

  /// Keeps how long an answer took, where requests may have to wait for the next one.
  mutating func noteServiceTime(_ upstream: Handle) {
    let record = upstreams[upstream].record
    guard slots[record.slot].incarnation == record.incarnation else { return }
    slots.noteService(record.slot, nanoseconds: reactor.now &- upstreams[upstream].beganAt)
  }

  /// Serves who can be served: one of each model in turn, until nobody can.
  ///
  /// - Parameter most: how many may be.
  /// - Returns: how many were.
  @discardableResult
  mutating func grantPlaces(atMost most: Int = .max) -> Int {
    guard !isGranting else { return 0 }
    isGranting = true
    var served = 0
    var hasServed = false
    repeat {
      isPlaceFreed = false
      hasServed = false
      for lane in queue.lanesByTurn where served < most && serveFirst(of: lane) {
        served += 1
        hasServed = true
      }
    } while (hasServed || isPlaceFreed) && served < most
    isGranting = false
    return served
  }

  /// Serves the first of a model's waiting requests that can be served.
  ///
  /// Those that have tried a backend, or need another kind of engine, may have to wait longer than
  /// those behind them.
  private mutating func serveFirst(of lane: Int) -> Bool {
    var unplaced: PathFamilies = []
    var next = queue.first(of: lane)
    while let ticket = next {
      next = queue.next(after: ticket)
      let downstream = queue.exchange(ticket)
      let isFresh = downstreams[downstream].exchange.machine.attempts == 0
      let family = downstreams[downstream].exchange.service.family
      if isFresh, unplaced.contains(family) { continue }
      var choice = candidateChoice(downstream)
      // Before it gives up its place in the line: another worker may have been faster.
      if case .chosen(let index, _) = choice,
        !occupyPlace(table.backends[index].record, downstream)
      {
        choice = .full
      }
      if choice == .full {
        // One that goes on from a stored response waits for the backend that has it.
        let isTied = downstreams[downstream].exchange.peek.previousResponseRange != nil
        if isFresh, !isTied { unplaced.insert(family) }
        continue
      }
      leaveQueue(downstream)
      queue.endTurn(of: lane)
      if choice == .none {
        // Its backends are gone: a fallback is asked, or its client told.
        chooseCandidate(downstream)
      } else {
        take(choice, for: downstream, isOccupied: true)
      }
      return true
    }
    return false
  }

  /// The models' numbers are those of a new table.
  mutating func regroupQueue() {
    for ticket in queue.detachAll() {
      queue.attach(ticket, to: queueLane(queue.exchange(ticket)))
    }
    isPlaceFreed = true
    queueChange = .grown
  }

  private mutating func queueLane(_ downstream: Handle) -> Int {
    switch destination(downstream) {
    case .entry(let entry): table.firstCandidate(entry)
    case .defaultBackend: -1
    case .owner, .gone, .unresolved: -2
    }
  }

  // MARK: What its client is told

  private mutating func queueFullError(_ downstream: Handle, _ lane: Int) -> GatewayError {
    let longest = queue.first(of: lane).map { reactor.now &- queue.since($0) }
    return GatewayError(
      .queueFull,
      modelText(downstream),
      advice: "\(commons.queued)",
      retryAfter: secondsUntilPlace(
        downstream,
        behind: countWaiting(in: lane),
        longestWait: longest ?? 0
      )
    )
  }

  private mutating func queueTimeoutError(_ downstream: Handle) -> GatewayError {
    let lane = queueLane(downstream)
    let longest = settings(of: downstream).deadlines.queue
    let milliseconds = longest / 1_000_000
    let time = milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000) s"
    return GatewayError(
      .queueTimeout,
      modelText(downstream),
      advice: time,
      retryAfter: secondsUntilPlace(
        downstream,
        behind: countWaiting(in: lane) - 1,
        longestWait: longest
      )
    )
  }

  /// How many wait for a model, on all workers: as far as the others' queues are like this one.
  private func countWaiting(in lane: Int) -> Int {
    let own = queue.count(in: lane)
    guard isShared, queue.count > 0 else { return isShared ? commons.queued : own }
    return own * max(commons.queued, queue.count) / queue.count
  }

  /// When somebody who comes then would probably be served at once: after those that wait for the
  /// model, at the speed that its backends were seen to have.
  ///
  /// - Returns: 1 … 60.
  private mutating func secondsUntilPlace(
    _ downstream: Handle,
    behind others: Int,
    longestWait: UInt64
  ) -> Int {
    var perSecond = 0.0
    for index in destinationCandidates(downstream) {
      let fact = table.facts[index]
      guard fact.state.isUsable, fact.maxInFlight > 0 else { continue }
      let time = slots.serviceTime(Int(fact.slot))
      if time > 0 { perSecond += Double(fact.maxInFlight) * 1e9 / Double(time) }
    }
    // While nothing has come to its end, it takes longer than somebody has waited so far.
    let seconds =
      perSecond > 0 ? Double(others + 1) / perSecond : Double(longestWait) / 1_000_000_000
    return Int(min(max(seconds.rounded(.up), 1), 60))
  }

  mutating func destinationCandidates(_ downstream: Handle) -> [Int] {
    switch destination(downstream) {
    case .entry(let entry): table.candidates(entry).map { Int($0) }
    case .defaultBackend: table.defaultBackend.map { [$0] } ?? []
    case .owner, .gone, .unresolved: []
    }
  }
}
