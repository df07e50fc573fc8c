import OAIRSys

// One descriptor is kept for the moment at which there is no other. A close takes effect at the end
// of its tick; the reserve bridges the time until then: whoever has begun to close a connection of
// lesser use may open a new one at once, and what that close frees becomes the next reserve.

extension Reactor {
  /// Keeps a descriptor in reserve; without one left there is none.
  public mutating func keepReserve() {
    isReserveWanted = true
    if reserve == nil { reserve = kernel.openReserve() }
  }

  /// Whether there is a descriptor in reserve.
  public var hasReserve: Bool { reserve != nil }

  /// Gives the reserve up, so that one descriptor can be opened.
  ///
  /// Only behind a `beginClose` of this tick: that is what the next reserve is made of.
  ///
  /// - Returns: false when there is none.
  public mutating func spendReserve() -> Bool {
    guard let spent = reserve else { return false }
    reserve = nil
    kernel.close(spent)
    return true
  }

  /// Once closes have taken effect.
  @usableFromInline
  mutating func renewReserve() {
    if isReserveWanted, reserve == nil { reserve = kernel.openReserve() }
  }
}
