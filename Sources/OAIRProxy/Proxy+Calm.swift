import OAIRReactor
import OAIRSys

// After a peak: what many connections have needed goes back to the kernel when few are left.

extension Proxy {
  /// A connection has ended: it may have been one of the last of a peak.
  mutating func connectionEnded() {
    guard !isCalmDue else { return }
    isCalmDue = true
    addTimer(.pages, after: ProxyLimits.calmNanoseconds)
  }

  /// Gives memory back if a peak is over.
  mutating func releasePages() {
    isCalmDue = false
    let isClientsPeakOver = downstreams.releasePages()
    let isBackendsPeakOver = upstreams.releasePages()
    let isPeakOver = reactor.releasePages()
    if isClientsPeakOver || isBackendsPeakOver || isPeakOver {
      ring?.releasePages()
      owesHeap = true
    }
    if owesHeap { releaseHeap() }
  }

  /// Gives back what the allocator has free, once no request is under way: that can take tens of
  /// milliseconds after a peak of many small bodies, in which nobody is served.
  ///
  /// With several workers it stays, since it would hold up all of them.
  private mutating func releaseHeap() {
    guard !isShared else {
      owesHeap = false
      return
    }
    guard exchanges.inUse == 0 else { return connectionEnded() }
    owesHeap = false
    AllocatorSettings.releaseFree()
  }
}
