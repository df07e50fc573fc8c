// Bulk work waits here: connections that have plenty to read or write, and whose owner wants to
// give each tick only so much of it. They are served in the order of their coming, after all that
// the tick brought; the next tick doesn't block while one waits. Unlike the runnable list, which is
// emptied in every tick, this one costs nothing for those whose turn hasn't come: a thousand of
// them make a tick no longer.

extension Reactor {
  /// Lets the connection wait for its turn among those with bulk work.
  ///
  /// Its events are delivered as ever meanwhile. One that waits already keeps its place.
  public mutating func postpone(_ handle: Handle) {
    guard !registrations[handle].isPostponed else { return }
    registrations[handle].isPostponed = true
    postponed.append(handle)
  }

  /// Somebody waits with bulk work.
  @inlinable
  public var hasPostponed: Bool { !postponed.isEmpty }

  /// Turns that may be taken in this tick, so that whoever comes back at once waits for the next.
  public var postponedCount: Int { postponed.count }

  /// The next one in turn, nil when nobody waits.
  ///
  /// - Returns: its readiness as it is known now.
  public mutating func nextPostponed() -> ReactorEvent? {
    while let handle = postponed.popFirst() {
      guard registrations.contains(handle), !registrations[handle].isClosing else { continue }
      registrations[handle].isPostponed = false
      let registration = registrations[handle]
      return .ready(handle, owner: registration.owner, registration.readiness)
    }
    return nil
  }
}
