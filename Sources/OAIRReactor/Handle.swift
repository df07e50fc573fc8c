/// Names one occupant of a slab's slot.
///
/// It fits epoll's 64 bits of user data, so that an event for a connection that was closed in the
/// same batch, whose slot may have been taken again, is recognised and dropped.
public struct Handle: Equatable, Hashable, Sendable {
  /// Both parts in one word, so that two handles are compared by one instruction.
  public let bits: UInt64

  /// Unpacks `bits`.
  @inlinable
  public init(bits: UInt64) { self.bits = bits }

  /// Makes a handle of its parts.
  @inlinable
  public init(slot: UInt32, generation: UInt32) {
    bits = UInt64(generation) << 32 | UInt64(slot)
  }

  /// The place in the slab.
  @inlinable
  public var slot: UInt32 { UInt32(truncatingIfNeeded: bits) }
  /// Which occupant of that place; odd while it lives there.
  @inlinable
  public var generation: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }

  /// Names nobody: an even generation is never alive.
  @inlinable
  public static var none: Handle { Handle(slot: .max, generation: 0) }
}
