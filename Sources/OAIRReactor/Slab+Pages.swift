import OAIRSys

extension Slab where Element: ~Copyable {
  /// Gives back the pages of slots that nobody is in, once a peak is over: when no more than half
  /// of the most are left that there were at one time since it last did so.
  ///
  /// A page comes back, as zeros, with the next value that is put into it. Costs a look at each
  /// slot that has ever been used, and a system call for each run of free pages.
  ///
  /// - Returns: true when it has.
  @discardableResult
  public mutating func releasePages() -> Bool {
    guard endPeak() else { return false }
    var slot = 0
    while slot < touched {
      let first = slot
      while slot < touched, occupant(ofSlot: slot) == nil { slot += 1 }
      if slot > first { FreePages.release(elements + first, count: slot - first) }
      slot += 1
    }
    return true
  }
}
