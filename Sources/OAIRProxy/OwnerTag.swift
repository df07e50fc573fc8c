import OAIRReactor

/// What a registration belongs to, packed into the reactor's 64-bit owner: the kind in the top
/// byte, then 24 bits of slot and 32 bits of generation of the connection's own slab.
struct OwnerTag {
  enum Kind: UInt8 {
    case listener = 1
    case downstream, upstream, mailbox, acceptPause, drainDelay, drain, spares, pages, look
  }

  let kind: Kind
  let handle: Handle

  /// LIMIT: slabs of connections may have so many slots.
  static let maximumSlots = 1 << 24

  init(_ kind: Kind, _ handle: Handle = Handle(slot: 0, generation: 0)) {
    self.kind = kind
    self.handle = handle
  }

  init?(bits: UInt64) {
    guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: bits >> 56)) else { return nil }
    self.kind = kind
    handle = Handle(
      slot: UInt32(truncatingIfNeeded: bits >> 32) & 0xff_ffff,
      generation: UInt32(truncatingIfNeeded: bits)
    )
  }

  var bits: UInt64 {
    UInt64(kind.rawValue) << 56 | UInt64(handle.slot & 0xff_ffff) << 32 | UInt64(handle.generation)
  }
}

extension Proxy {
  /// Has the reactor tell, once, that a time has passed.
  ///
  /// - Parameter nanoseconds: from now on.
  mutating func addTimer(_ kind: OwnerTag.Kind, after nanoseconds: UInt64) {
    reactor.addTimer(at: reactor.now &+ nanoseconds, owner: OwnerTag(kind).bits)
  }
}
