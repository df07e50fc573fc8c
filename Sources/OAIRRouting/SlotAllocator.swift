/// Gives out the indices of the reactors' counters.
///
/// A freed slot rests before it is used again; an incarnation is never given out twice.
///
/// Owned by the registry.
struct SlotAllocator {
  private var count = 0
  private var lastIncarnation: UInt64 = 0
  /// In the order of their freeing.
  private var resting: [(slot: Int, until: UInt64)] = []

  /// Takes a slot: one that has rested, or a new one.
  mutating func take(at now: UInt64) -> (slot: Int, incarnation: UInt64) {
    lastIncarnation += 1
    // Where all are taken, the one that has rested longest is the least harm.
    let areSpent = count == RoutingLimits.slots
    if let first = resting.first, first.until <= now || areSpent {
      resting.removeFirst()
      return (first.slot, lastIncarnation)
    }
    count += 1
    return (count - 1, lastIncarnation)
  }

  /// Gives a slot back.
  mutating func free(_ slot: Int, at now: UInt64) {
    resting.append((slot, now &+ RoutingLimits.slotRest.nanoseconds))
  }
}
