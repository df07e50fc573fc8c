import OAIRReactor
import OAIRRouting
import OAIRSys

// Idle connections to backends: a list per backend, youngest first, because the youngest is the
// least likely to be closed by the other side; and one of them all, whose oldest makes room when
// connections run out. Each leaves by its deadline, an event, or to work.

extension Proxy {
  /// The youngest idle connection to a backend, ready for work, which gives it another deadline.
  mutating func takeIdle(_ record: BackendRecord) -> Handle? {
    guard slots[record.slot].incarnation == record.incarnation else { return nil }
    var idle = slots[record.slot].youngestIdle
    while upstreams.contains(idle) {
      unlinkIdle(idle)
      let registration = upstreams[idle].registration
      // What its backend did in this very tick may not have been delivered yet; a connection that
      // is known to be readable or closed is no use.
      let readiness = reactor.readiness(registration)
      if readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) {
        upstreams[idle].isReused = true
        upstreams[idle].phase = .exchanging
        return idle
      }
      closeUpstream(idle)
      idle = slots[record.slot].youngestIdle
    }
    return nil
  }

  /// Puts a connection into its backend's pool.
  mutating func makeIdle(_ upstream: Handle) {
    let slot = upstreams[upstream].record.slot
    let registration = upstreams[upstream].registration
    let isUsable = reactor.readiness(registration)
      .isDisjoint(with: [.readable, .peerClosed, .failed])
    guard isUsable, slots[slot].incarnation == upstreams[upstream].record.incarnation, isAccepting
    else {
      closeUpstream(upstream)
      return
    }
    if slots[slot].idleCount >= ProxyLimits.idlePerBackend {
      counters.idlePoolLimit += 1
      closeUpstream(upstream)
      return
    }
    linkIdle(upstream, slot)
    reactor.setDeadline(registration, at: reactor.now &+ idleTime(upstream))
  }

  /// What the backend announced, less a second for the way, but no longer than our own time.
  private func idleTime(_ upstream: Handle) -> UInt64 {
    let announced = upstreams[upstream].announcedIdleSeconds
    guard announced > 0 else { return settings.deadlines.upstreamIdle }
    let seconds = UInt64(max(0, announced - 1)) * 1_000_000_000
    return min(settings.deadlines.upstreamIdle, max(seconds, 500_000_000))
  }

  /// Closes an idle connection.
  mutating func closeIdle(_ upstream: Handle) {
    unlinkIdle(upstream)
    closeUpstream(upstream)
  }

  /// Closes all idle connections of a slot whose backend has changed.
  mutating func closeIdle(ofSlot slot: Int) {
    while upstreams.contains(slots[slot].youngestIdle) { closeIdle(slots[slot].youngestIdle) }
  }

  /// Makes room for a connection that is needed now.
  ///
  /// - Returns: false when none is idle.
  @discardableResult
  mutating func closeOldestIdle() -> Bool {
    guard upstreams.contains(oldestIdle) else { return false }
    closeIdle(oldestIdle)
    return true
  }

  /// No descriptor is left: an idle connection's becomes the one that is needed now.
  ///
  /// - Returns: true when one can be opened.
  mutating func freeDescriptor() -> Bool {
    guard reactor.hasReserve, closeOldestIdle() else { return false }
    counters.descriptorEvictions += 1
    return reactor.spendReserve()
  }

  private mutating func linkIdle(_ upstream: Handle, _ slot: Int) {
    let older = slots[slot].youngestIdle
    upstreams[upstream].rest(behind: older, ofAll: youngestIdle)
    if upstreams.contains(older) { upstreams[older].youngerIdle = upstream }
    slots[slot].youngestIdle = upstream
    slots[slot].idleCount += 1
    if upstreams.contains(youngestIdle) {
      upstreams[youngestIdle].youngerIdleOfAll = upstream
    } else {
      oldestIdle = upstream
    }
    youngestIdle = upstream
  }

  private mutating func unlinkIdle(_ upstream: Handle) {
    let slot = upstreams[upstream].record.slot
    let older = upstreams[upstream].olderIdle
    let younger = upstreams[upstream].youngerIdle
    if upstreams.contains(older) { upstreams[older].youngerIdle = younger }
    if upstreams.contains(younger) {
      upstreams[younger].olderIdle = older
    } else {
      slots[slot].youngestIdle = older
    }
    slots[slot].idleCount -= 1
    unlinkFromAll(upstream)
  }

  private mutating func unlinkFromAll(_ upstream: Handle) {
    let older = upstreams[upstream].olderIdleOfAll
    let younger = upstreams[upstream].youngerIdleOfAll
    if upstreams.contains(older) {
      upstreams[older].youngerIdleOfAll = younger
    } else {
      oldestIdle = younger
    }
    if upstreams.contains(younger) {
      upstreams[younger].olderIdleOfAll = older
    } else {
      youngestIdle = older
    }
  }
}
