import OAIRReactor
import OAIRSys

// After a peak: what many connections have needed goes back to the kernel when few are left.

extension Proxy {
  /// A connection has ended: it may have been one of the last of a peak.
  mutating func connectionEnded() {
    guard !isCalmDue else { return }
    isCalmDue = true
    reactor.addTimer(
      at: reactor.now &+ ProxyLimits.calmNanoseconds,
      owner: OwnerTag(.pages).bits
    )
  }

  /// Gives memory back if a peak is over.
  mutating func releasePages() {
    isCalmDue = false
    let isClientsPeakOver = downstreams.releasePages()
    let isBackendsPeakOver = upstreams.releasePages()
    let isPeakOver = reactor.releasePages()
    guard isClientsPeakOver || isBackendsPeakOver || isPeakOver else { return }
    ring?.releasePages()
    AllocatorSettings.releaseFree()
  }
}
