import OAIRHTTP1
import OAIRReactor
import OAIRSys

// Room for request bodies: reserved before bytes are read, waited for when there is none, and given
// back in the order of arrival.

extension Proxy {
  /// Reserves room, or notes how much is awaited.
  mutating func reserve(
    _ downstream: Handle,
    _ bytes: Int,
    _ account: BodyLedger.Account
  ) -> Bool {
    let hasRoom = !isAwaitedElsewhere(account) && ledger.reserve(bytes, account)
    downstreams[downstream].exchange.noteReservation(bytes, account, isDone: hasRoom)
    return hasRoom
  }

  /// How much of a held body may be read now; 0 when reading has to wait.
  mutating func memoryRoom(_ downstream: Handle) -> Int {
    let held =
      downstreams[downstream].exchange.body.count + downstreams[downstream].input.count
    let room = downstreams[downstream].exchange.reserved - held
    if room >= ProxyLimits.smallestRead { return room }
    if case .length(let length) = downstreams[downstream].exchange.framing,
      length <= downstreams[downstream].exchange.reserved
    {
      return room
    }
    let step = ProxyLimits.reservationStep
    if downstreams[downstream].exchange.account == .small {
      return moveToLargeAccount(downstream, step) ? step - held : 0
    }
    if reserveStep(downstream, step) { return room + step }
    downstreams[downstream].exchange.awaitedMemory = step
    awaitMemory(downstream)
    return 0
  }

  /// A chunked body has outgrown the account of the small ones.
  private mutating func moveToLargeAccount(_ downstream: Handle, _ step: Int) -> Bool {
    guard ledger.reserve(step, .large) else {
      downstreams[downstream].exchange.awaitedMemory = step
      awaitMemory(downstream)
      return false
    }
    ledger.release(downstreams[downstream].exchange.reserved, .small)
    noteMemoryFreed()
    downstreams[downstream].exchange.account = .large
    downstreams[downstream].exchange.reserved = step
    return true
  }

  /// One of those that grow may always go on, so that it ends and gives back what it has.
  private mutating func reserveStep(_ downstream: Handle, _ bytes: Int) -> Bool {
    var isReserved = ledger.reserve(bytes, .large)
    if !isReserved, downstreams[downstream].exchange.reserved > 0 {
      if !downstreams.contains(memoryFinisher), ledger.claimFinish(for: worker) {
        memoryFinisher = downstream
      }
      if memoryFinisher == downstream {
        isReserved = ledger.reserve(bytes, .large, finishes: true)
      }
    }
    if isReserved { downstreams[downstream].exchange.reserved += bytes }
    return isReserved
  }

  /// The body's memory goes to the next ones.
  mutating func dropBody(_ downstream: Handle) {
    downstreams[downstream].exchange.dropBody(into: &spares)
    if !spares.isEmpty, !isShrinking { shrinkLater() }
  }

  private mutating func shrinkLater() {
    isShrinking = true
    addTimer(.spares, after: ProxyLimits.sparesNanoseconds)
  }

  /// Gives back, one at a time, what nobody has had use for.
  mutating func shrinkSpares() {
    isShrinking = false
    spares.shrink()
    if !spares.isEmpty { shrinkLater() }
  }

  /// Stops reading until there is room.
  mutating func awaitMemory(_ downstream: Handle) {
    let account = downstreams[downstream].exchange.account
    guard downstreams[downstream].exchange.awaitedMemory <= ledger.capacity(account) else {
      refuseForMemory(downstream)
      return
    }
    counters.bodiesTotalWaits += 1
    // Those whose clients have left are still in it.
    if waitingForMemory.count >= downstreams.count {
      let waiting = waitingForMemory
      waitingForMemory = waiting.filter { $0 != downstream && isAwaitingMemory($0) }
    }
    waitingForMemory.append(downstream)
    isMemoryAwaited = true
    reactor.setDeadline(
      downstreams[downstream].registration,
      at: reactor.now &+ settings(of: downstream).deadlines.queue
    )
  }

  mutating func refuseForMemory(_ downstream: Handle) {
    counters.bodiesTotalLimit += 1
    downstreams[downstream].exchange.awaitedMemory = 0
    refuse(downstream, GatewayError(.bodyMemoryExhausted, "\(limits.bodiesTotal)"))
  }

  /// Gives freed room to those who wait, the oldest first; once one of an account has to wait
  /// further, so do those behind it.
  mutating func grantMemory() {
    isMemoryFreed = false
    let waiting = waitingForMemory
    waitingForMemory.removeAll(keepingCapacity: true)
    var isLargeFull = false
    var isSmallFull = false
    for downstream in waiting where isAwaitingMemory(downstream) {
      let isSmall =
        downstreams[downstream].exchange.account == .small
        && downstreams[downstream].exchange.reserved == 0
      if isSmall ? isSmallFull : isLargeFull {
        waitingForMemory.append(downstream)
      } else if !grant(downstream, isSmall: isSmall) {
        waitingForMemory.append(downstream)
        if isSmall { isSmallFull = true } else { isLargeFull = true }
      }
    }
    if isShared { publishAwaitedMemory() }
  }

  func isAwaitingMemory(_ downstream: Handle) -> Bool {
    downstreams.contains(downstream) && downstreams[downstream].phase == .exchanging
      && downstreams[downstream].exchange.awaitedMemory > 0
      && downstreams[downstream].exchange.machine.phase == .readingBody
  }

  private mutating func grant(_ downstream: Handle, isSmall: Bool) -> Bool {
    let wanted = downstreams[downstream].exchange.awaitedMemory
    if !isSmall, downstreams[downstream].exchange.account == .small {
      guard ledger.reserve(wanted, .large) else { return false }
      ledger.release(downstreams[downstream].exchange.reserved, .small)
      downstreams[downstream].exchange.account = .large
      downstreams[downstream].exchange.reserved = wanted
    } else if isSmall {
      guard ledger.reserve(wanted, .small) else { return false }
      downstreams[downstream].exchange.reserved += wanted
    } else {
      guard reserveStep(downstream, wanted) else { return false }
    }
    downstreams[downstream].exchange.awaitedMemory = 0
    continueBody(downstream)
    if downstreams.contains(downstream), downstreams[downstream].phase == .exchanging {
      // What the kernel holds already raises no new edge.
      reactor.postpone(downstreams[downstream].registration)
    }
    return true
  }
}
