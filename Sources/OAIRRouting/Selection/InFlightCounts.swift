public import OAIRSys
public import Synchronization

/// How many requests each backend works on, by slot, for all reactors of a router together.
///
/// A view of memory that somebody else keeps (`AtomicCells`), small enough to be handed about.
/// Reads are plain loads: whoever has to keep a bound uses `begin(_:bound:)`, whose word counts.
public struct InFlightCounts: @unchecked Sendable {
  // SAFETY: `count` atomics; who makes this value keeps them alive for as long as it's used.
  @usableFromInline let base: UnsafeMutablePointer<Atomic<Int>>
  /// How many slots there are.
  public let count: Int

  /// Looks at counters.
  ///
  /// - Parameter cells: one for every slot; the caller keeps them.
  public init(_ cells: AtomicCells) {
    base = cells.base
    count = cells.count
  }

  /// Requests in flight, 0 or more.
  ///
  /// Of the greatest number that fits, if there are more.
  @inlinable
  public subscript(slot: Int) -> Int32 {
    Int32(clamping: base[slot].load(ordering: .relaxed))
  }

  /// One more, unless the backend works on as many as it may.
  ///
  /// - Parameters:
  ///   - slot: below `count`.
  ///   - bound: requests at a time; 0 for any number.
  /// - Returns: false when it is full: nothing has changed then.
  public func begin(_ slot: Int, bound: Int) -> Bool {
    precondition(slot >= 0 && slot < count, "no such backend slot")
    guard bound > 0 else {
      base[slot].wrappingAdd(1, ordering: .relaxed)
      return true
    }
    return (base + slot).add(1, bound: bound)
  }

  /// One fewer.
  ///
  /// Whoever looks afterwards for somebody who waits misses nobody who has seen the backend full.
  public func end(_ slot: Int) {
    precondition(slot >= 0 && slot < count, "no such backend slot")
    let left = (base + slot).take(1)
    precondition(left >= 0, "more exchanges ended on a backend than began")
  }

  /// Sets a counter: for explanations and tests.
  public func set(_ slot: Int, to number: Int) {
    precondition(slot >= 0 && slot < count, "no such backend slot")
    base[slot].store(number, ordering: .relaxed)
  }
}
