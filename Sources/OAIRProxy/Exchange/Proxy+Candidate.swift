import OAIRHTTP1
import OAIRReactor
import OAIRRouting
import OAIRSys
import OAIRWire

// The life of a request, 5 route: one of the backends is chosen, and an attempt begins there.

extension Proxy {
  mutating func chooseCandidate(_ downstream: Handle) {
    guard let index = bestCandidate(downstream) else {
      step(downstream, .exhausted)
      return
    }
    beginAttempt(downstream, table.backends[index].record)
  }

  /// The one that is asked next: the one that has what the request goes on from, else of the
  /// model's own, else of a fallback's.
  mutating func bestCandidate(_ downstream: Handle) -> Int? {
    let isSpent =
      downstreams[downstream].exchange.isModelSpent
      || downstreams[downstream].exchange.machine.isModelSpent
    let isFirst = downstreams[downstream].exchange.machine.attempts == 0
    if isFirst, let index = predecessorsBackend(downstream), isUsable(downstream, index) {
      return index
    }
    let own = isSpent && !isFirst ? nil : pickCandidate(downstream)
    return own ?? fallBack(downstream)
  }

  /// What an exchange asks of a candidate.
  struct Eligibility {
    let tried: TriedBackends
    let family: PathFamily
    var heedsUnserved = true
  }

  private func isUsable(_ downstream: Handle, _ index: Int) -> Bool {
    let eligibility = Eligibility(
      tried: downstreams[downstream].exchange.tried,
      family: downstreams[downstream].exchange.service.family
    )
    return state(ofBackend: index, eligibility).isUsable
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
    case .owner(let owner):
      guard let index = index(of: owner), state(ofBackend: index, eligibility).isUsable else {
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
  func state(ofBackend index: Int, _ eligibility: Eligibility) -> BackendState {
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
    let mayReuse =
      downstreams[downstream].exchange.mayBeRepeated && !downstreams[downstream].exchange.isTunnel
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
  mutating func retrySame(_ downstream: Handle) {
    guard let record = downstreams[downstream].exchange.record else {
      chooseCandidate(downstream)
      return
    }
    slots.begin(record.slot)
    step(downstream, .chosen(isConnected: false))
  }
}
