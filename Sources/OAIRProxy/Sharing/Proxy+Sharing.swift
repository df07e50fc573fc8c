import OAIRReactor
import OAIRRouting
import OAIRSys

// What is freed on one worker may be what a request on another one waits for. Nobody looks again
// and again for it: who waits says so on a board (`WaitBoard`), who frees looks there, and rings.
//
// Where workers wait for the same, they have turns. One whose turn it isn't leaves what it has
// freed to the others, and looks after its own a millisecond later: if they are slow, nothing is
// lost but that time. Requests that have just come stand behind all who wait, wherever they do.
//
// Only with several workers: one that is alone never comes here.

/// Places that were freed in this tick, as far as they are of interest elsewhere.
struct FreedPlaces {
  /// At which backends: a bit for each slot, modulo 64.
  var slots: WaitBoard.Mask = 0
  var count = 0
}

/// How a worker's queue has changed since others were told.
enum QueueChange: Comparable {
  case none
  /// Some wait no more; it is enough if others know in a while.
  case shrunk
  /// Others have come, who have to be looked after once they have been made known.
  case grown
}

extension Proxy {
  private static func bit(_ slot: Int) -> WaitBoard.Mask { 1 << WaitBoard.Mask(slot & 63) }

  // MARK: Places at backends

  /// A request has ended on a backend.
  mutating func notePlaceFreed(_ slot: Int) {
    guard places.isUsed else { return }
    freed.slots |= Self.bit(slot)
    freed.count += 1
  }

  /// Gives what was freed in this tick to those who wait here, or elsewhere, by turns.
  mutating func offerPlaces() {
    let offered = freed
    freed = FreedPlaces()
    let others = offered.slots == 0 ? 0 : places.workers(wanting: offered.slots, but: worker)
    guard others != 0 else {
      if isPlaceFreed { grantPlaces() }
      return
    }
    var left = offered.count
    if isPlaceFreed, places.isTurn(of: worker, among: others) {
      left -= grantPlaces(atMost: offered.count)
    }
    isPlaceFreed = false
    if left > 0 { commons.ring(others) }
    if !queue.isEmpty { lookLater() }
  }

  /// Whether somebody waits for the place that was chosen, here or elsewhere.
  func isAwaitedAnywhere(_ choice: CandidateChoice) -> Bool {
    guard case .chosen(let index, _) = choice, table.facts[index].maxInFlight > 0, places.isUsed
    else { return false }
    let slot = Self.bit(Int(table.facts[index].slot))
    return places.isWanted(slot)
  }

  /// At the end of a tick: others are told what is waited for here, and what was freed is given
  /// away.
  mutating func settleQueue() {
    if isPlaceFreed || freed.count > 0 { offerPlaces() }
    while queueChange == .grown {
      let wanted = publishAwaitedPlaces()
      // What was freed before others could know of it.
      if places.workers(wanting: wanted, but: worker) == 0 { grantPlaces() } else { lookLater() }
      if isPlaceFreed || freed.count > 0 { offerPlaces() }
    }
    if queueChange == .shrunk { publishAwaitedPlaces() }
  }

  /// - Returns: the slots that somebody here waits for.
  @discardableResult
  private mutating func publishAwaitedPlaces() -> WaitBoard.Mask {
    queueChange = .none
    var wanted: WaitBoard.Mask = 0
    for lane in queue.lanesByTurn where wanted != .max {
      guard let first = queue.first(of: lane) else { continue }
      for index in destinationCandidates(queue.exchange(first)) {
        wanted |= Self.bit(Int(table.facts[index].slot))
      }
    }
    places.publish(wanted, by: worker)
    return wanted
  }

  // MARK: Memory for bodies

  private static func kind(_ account: BodyLedger.Account) -> WaitBoard.Mask {
    account == .small ? 1 : 2
  }

  /// Whether a body on another worker waits for memory of an account: one that has just come stands
  /// behind it.
  func isAwaitedElsewhere(_ account: BodyLedger.Account) -> Bool {
    guard isShared, memory.isUsed else { return false }
    return memory.workers(wanting: Self.kind(account), but: worker) != 0
  }

  /// Memory was given back.
  mutating func noteMemoryFreed() {
    isMemoryFreed = !waitingForMemory.isEmpty
    if isShared, memory.isUsed { isMemoryFreedForOthers = true }
  }

  /// At the end of a tick: others are told what is waited for here, and what was freed is given
  /// away.
  mutating func settleMemory() {
    if isMemoryFreedForOthers {
      isMemoryFreedForOthers = false
      let others = memory.workers(wanting: .max, but: worker)
      if others != 0 {
        commons.ring(others)
        if isMemoryFreed, !memory.isTurn(of: worker, among: others) {
          isMemoryFreed = false
          lookLater()
        }
      }
    }
    if isMemoryFreed { grantMemory() }
    guard isMemoryAwaited else { return }
    isMemoryAwaited = false
    publishAwaitedMemory()
    let others = memory.workers(wanting: .max, but: worker)
    guard others != 0 else { return grantMemory() }
    // They may wait for what is there: or their clients have left, and they say so then.
    commons.ring(others)
    lookLater()
  }

  /// Tells others what bodies here wait for.
  mutating func publishAwaitedMemory() {
    var wanted: WaitBoard.Mask = 0
    for downstream in waitingForMemory where isAwaitingMemory(downstream) {
      let exchange = downstreams[downstream].exchange.account
      let isGrowing = downstreams[downstream].exchange.reserved > 0
      wanted |= Self.kind(isGrowing ? .large : exchange)
    }
    memory.publish(wanted, by: worker)
  }

  // MARK: Looking after those who wait

  /// Another worker has freed something, or has had its time to take it.
  mutating func lookAfterWaiting() {
    if !queue.isEmpty { grantPlaces() }
    if !waitingForMemory.isEmpty { grantMemory() }
  }

  /// Looks after those who wait here once the others have had their turn.
  private mutating func lookLater() {
    guard !isLookDue else { return }
    isLookDue = true
    addTimer(.look, after: ProxyLimits.turnNanoseconds)
  }
}
