import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, 5 route: one of the backends is chosen, and an attempt begins there.

extension Proxy {
  mutating func chooseCandidate(_ downstream: Handle) {
    take(nextChoice(downstream), for: downstream)
  }

  /// Chooses among the model's own candidates, or once they are spent, among those of a fallback.
  mutating func nextChoice(_ downstream: Handle) -> CandidateChoice {
    let isSpent = downstreams[downstream].exchange.machine.isModelSpent
    let own = isSpent ? .none : candidateChoice(downstream)
    guard own == .none, fallBack(downstream) else { return own }
    return candidateChoice(downstream)
  }

  /// Goes on with what was chosen for it.
  ///
  /// - Parameter isOccupied: it is counted in at its backend already.
  mutating func take(
    _ choice: CandidateChoice,
    for downstream: Handle,
    isOccupied: Bool = false
  ) {
    switch choice {
    case .chosen(let index, let breaksSession):
      let record = table.backends[index].record
      // It's full by now, so it won't be chosen again.
      guard isOccupied || occupyPlace(record, downstream) else {
        return chooseCandidate(downstream)
      }
      downstreams[downstream].exchange.isSessionBroken = breaksSession
      beginAttempt(downstream, record)
    case .full: awaitPlace(downstream)
    case .none: step(downstream, .exhausted)
    }
  }

  /// Counts a request in at its backend.
  ///
  /// - Returns: false when another worker has taken the last place since it was chosen.
  func occupyPlace(_ record: BackendRecord, _ downstream: Handle) -> Bool {
    // What is about a stored response doesn't wait for a place.
    if case .owner = downstreams[downstream].exchange.destination {
      return slots.inFlight.begin(record.slot, bound: 0)
    }
    return slots.inFlight.begin(record.slot, bound: record.maxInFlight)
  }

  /// True while an attempt on another backend can begin at once.
  mutating func hasCandidate(_ downstream: Handle) -> Bool {
    if case .chosen = candidateChoice(downstream, isLook: true) { return true }
    return false
  }

  /// Chooses a backend for the next attempt; nothing begins yet.
  ///
  /// - Parameter isLook: whether it is only to be known if there is one: looking takes nobody's
  ///   turn, and doesn't ask the policy.
  mutating func candidateChoice(
    _ downstream: Handle,
    isLook: Bool = false
  ) -> CandidateChoice {
    let isFirst = downstreams[downstream].exchange.machine.attempts == 0
    switch destination(downstream) {
    case .entry(let entry):
      if isFirst, downstreams[downstream].exchange.peek.previousResponseRange != nil,
        let index = predecessorsBackend(downstream)
      {
        let choice = choice(of: index, for: downstream)
        if choice != .none { return choice }
      }
      let choice = choice(in: entry, for: downstream, isLook: isLook)
      guard choice == .none, isFirst else { return choice }
      // All have said that they don't have the path: one says so again, in its own words.
      return self.choice(in: entry, for: downstream, isLook: isLook, heedsUnserved: false)
    case .defaultBackend:
      guard let index = table.defaultBackend else { return .none }
      return choice(of: index, for: downstream, heedsUnserved: !isFirst)
    case .owner(let owner):
      guard let index = index(of: owner) else { return .none }
      // A stored response is looked up or cancelled: that mustn't wait for a place, and a backend
      // that is drained is asked too, since its work is to come to an end.
      let isLost =
        table.facts[index].state == .down
        || excluded(downstream, heedsUnserved: !isFirst).contains(index)
      return isLost ? .none : .chosen(index, breaksSession: false)
    case .gone, .unresolved: return .none
    }
  }

  /// Whom an exchange can't use although the table has nothing against it.
  ///
  /// - Parameter heedsUnserved: whether that is so of who has said that it doesn't have the path.
  @inline(__always)
  private func excluded(_ downstream: Handle, heedsUnserved: Bool) -> ExcludedCandidates {
    ExcludedCandidates(
      tried: downstreams[downstream].exchange.tried,
      family: downstreams[downstream].exchange.service.family,
      facts: table.facts,
      accounts: slots.allAccounts,
      now: reactor.now,
      heedsUnserved: heedsUnserved
    )
  }

  private mutating func choice(
    in entry: Int,
    for downstream: Handle,
    isLook: Bool,
    heedsUnserved: Bool = true
  ) -> CandidateChoice {
    let excluded = excluded(downstream, heedsUnserved: heedsUnserved)
    let request = RequestFacts(
      entry: entry,
      family: excluded.family,
      session: downstreams[downstream].exchange.session,
      bodyLength: downstreams[downstream].exchange.bodyLength
    )
    if isLook {
      return selector.look(entry, of: table, for: request, inFlight: slots.inFlight) {
        excluded.contains($0)
      }
    }
    return selector.choose(
      entry,
      of: table,
      for: request,
      inFlight: slots.inFlight,
      random: &random
    ) { excluded.contains($0) }
  }

  /// Where there is nobody else to choose.
  private func choice(
    of index: Int,
    for downstream: Handle,
    heedsUnserved: Bool = true
  ) -> CandidateChoice {
    guard table.facts[index].state.isUsable,
      !excluded(downstream, heedsUnserved: heedsUnserved).contains(index)
    else { return .none }
    let isFull = table.facts[index].isFull(slots.inFlight)
    return isFull ? .full : .chosen(index, breaksSession: false)
  }

  @inline(__always)
  private mutating func beginAttempt(_ downstream: Handle, _ record: consuming BackendRecord) {
    countAttempt(record)
    if let former = downstreams[downstream].exchange.record {
      let isSame = former.slot == record.slot && former.incarnation == record.incarnation
      countFurtherAttempt(downstream, isSame: isSame)
    }
    downstreams[downstream].exchange.tried.insert(record.slot)
    // A reused connection may turn out to be closed when it is too late to send the request again.
    let mayReuse =
      downstreams[downstream].exchange.mayBeRepeated && !downstreams[downstream].exchange.isTunnel
    let idle = mayReuse ? takeIdle(record) : nil
    downstreams[downstream].exchange.record = record
    guard let idle else {
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
  mutating func retrySame(_ downstream: Handle) {
    guard let record = downstreams[downstream].exchange.record else {
      chooseCandidate(downstream)
      return
    }
    // It may be drained, removed or known to be lost since.
    let owner = ResponseOwners.Owner(slot: record.slot, incarnation: record.incarnation)
    guard let index = index(of: owner), table.facts[index].state.isUsable else {
      chooseCandidate(downstream)
      return
    }
    guard occupyPlace(record, downstream) else {
      downstreams[downstream].exchange.tried.forgive(record.slot)
      chooseCandidate(downstream)
      return
    }
    countAttempt(record)
    countFurtherAttempt(downstream, isSame: true)
    step(downstream, .chosen(isConnected: false))
  }

  @inline(__always)
  private mutating func countAttempt(_ record: borrowing BackendRecord) {
    counters.attempts += 1
    telemetry.countBackend(slot: record.slot, incarnation: record.incarnation) { $0.attempts += 1 }
  }

  /// An attempt has failed, and another one follows: not before that is certain.
  private mutating func countFurtherAttempt(_ downstream: Handle, isSame: Bool) {
    let reason = lastFailure(downstream)
    if isSame {
      counters.retries += 1
      telemetry.total.retries.add(reason)
    } else {
      counters.failovers += 1
      telemetry.total.failovers.add(reason)
    }
    record(isSame ? .retry : .failover, downstream)
  }

  /// The pause of a request is over that only its own backend could have taken.
  ///
  /// Meanwhile another one may have come, which is asked then; its own may be busy, drained, gone.
  mutating func askAgain(_ downstream: Handle) {
    let former = downstreams[downstream].exchange.record
    var choice = candidateChoice(downstream)
    if choice == .none || choice == .full, let former {
      downstreams[downstream].exchange.tried.forgive(former.slot)
      choice = candidateChoice(downstream)
    }
    if choice == .none {
      // A fallback is asked, or its client told.
      chooseCandidate(downstream)
    } else {
      take(choice, for: downstream)
    }
  }
}
