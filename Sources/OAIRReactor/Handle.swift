/// Names one occupant of a slab's slot.
///
/// It fits epoll's 64 bits of user data, so that an event for a connection that was closed in the
/// same batch, whose slot may have been taken again, is recognised and dropped.
public struct Handle: Equatable, Hashable, Sendable {
  /// The place in the slab.
  public var slot: UInt32
  /// Which occupant of that place; odd while it lives there.
  public var generation: UInt32

  /// Makes a handle of its parts.
  public init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }

  /// Unpacks `bits`.
  public init(bits: UInt64) {
    self.init(
      slot: UInt32(truncatingIfNeeded: bits),
      generation: UInt32(truncatingIfNeeded: bits >> 32)
    )
  }

  /// Both parts in one word.
  public var bits: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

  /// Names nobody: an even generation is never alive.
  public static let none = Handle(slot: .max, generation: 0)
}
