/// A fixed number of slots for values that can't be copied, reached by generation-checked handles:
/// no reference counting, no exclusivity checks, and a stale handle is found out.
///
/// The memory is reserved whole and touched slot by slot, lowest first, so that an idle process
/// pays only for the connections that it has had at one time.
public struct Slab<Element: ~Copyable>: ~Copyable {
  // SAFETY: `elements[i]` is initialised exactly while `occupants[i]` is the handle of a live one,
  // whose generation is odd; i < touched.
  @usableFromInline let elements: UnsafeMutablePointer<Element>
  /// By slot, the handle of whoever is there, so that one comparison tells whether it lives.
  ///
  /// While nobody is there it's the next one's, but for its slot, whose bits are turned over: no
  /// handle of that slot.
  @usableFromInline let occupants: UnsafeMutablePointer<UInt64>
  private let freed: UnsafeMutablePointer<UInt32>
  private var freedCount = 0
  /// How many slots have ever been used; the others hold no memory yet.
  public private(set) var touched = 0
  /// How many slots are occupied.
  public private(set) var count = 0
  /// The most that were occupied at one time since `endPeak`.
  private var peak = 0
  /// LIMIT: how many slots there are.
  public let capacity: Int

  /// Reserves the slots.
  ///
  /// - Parameter capacity: 1 or more.
  public init(capacity: Int) {
    precondition(capacity > 0 && capacity < Int(UInt32.max), "a slab needs slots")
    self.capacity = capacity
    elements = Self.allocate(capacity)
    occupants = .allocate(capacity: capacity)
    freed = .allocate(capacity: capacity)
  }

  /// Memory whose first element begins a cache line: what an element has in its first line is
  /// reached by one miss.
  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
    let line = 64
    return UnsafeMutableRawPointer.allocate(
      byteCount: capacity * MemoryLayout<Element>.stride,
      alignment: max(line, MemoryLayout<Element>.alignment)
    ).bindMemory(to: Element.self, capacity: capacity)
  }

  deinit {
    for slot in 0..<touched where occupant(ofSlot: slot) != nil {
      (elements + slot).deinitialize(count: 1)
    }
    UnsafeMutableRawPointer(elements).deallocate()
    occupants.deallocate()
    freed.deallocate()
  }

  /// True when no slot is free.
  public var isFull: Bool { count == capacity }

  /// True while the value that `handle` names is still there.
  @inlinable
  public func contains(_ handle: Handle) -> Bool {
    let slot = Int(handle.slot)
    return slot < touched && occupants[slot] == handle.bits
  }

  /// Moves a value in.
  ///
  /// The slab must not be full.
  public mutating func insert(_ element: consuming Element) -> Handle {
    precondition(count < capacity, "the slab is full")
    let slot: Int
    let handle: Handle
    if freedCount > 0 {
      freedCount &-= 1
      slot = Int(freed[freedCount])
      handle = Self.turned(Handle(bits: occupants[slot]))
    } else {
      slot = touched
      touched &+= 1
      handle = Handle(slot: UInt32(truncatingIfNeeded: slot), generation: 1)
    }
    (occupants + slot).initialize(to: handle.bits)
    count &+= 1
    if count > peak { peak = count }
    (elements + slot).initialize(to: element)
    return handle
  }

  /// Moves a value out and makes its handle stale.
  public mutating func remove(_ handle: Handle) -> Element {
    precondition(contains(handle), "a stale handle")
    let slot = Int(handle.slot)
    let next = Handle(slot: handle.slot, generation: handle.generation &+ 2)
    occupants[slot] = Self.turned(next).bits
    freed[freedCount] = handle.slot
    freedCount &+= 1
    count &-= 1
    return (elements + slot).move()
  }

  /// The same with its slot's bits turned over, and back.
  private static func turned(_ handle: Handle) -> Handle {
    Handle(slot: ~handle.slot, generation: handle.generation)
  }

  /// The value that `handle` names; traps when it is stale.
  public subscript(handle: Handle) -> Element {
    @inlinable @inline(__always)
    unsafeAddress {
      precondition(contains(handle), "a stale handle")
      return UnsafePointer(elements + Int(handle.slot))
    }
    @inlinable @inline(__always)
    unsafeMutableAddress {
      precondition(contains(handle), "a stale handle")
      return elements + Int(handle.slot)
    }
  }

  /// LIMIT: so many values above those that are left make no peak: their pages aren't worth the
  /// faults with which they come back.
  private static var ripple: Int { 64 }

  /// Whether no more than half of the values are left that there were at the last peak; what is
  /// left is the next one's beginning then.
  mutating func endPeak() -> Bool {
    guard count <= peak / 2, peak - count > Self.ripple else { return false }
    peak = count
    return true
  }

  /// The handle of whoever is in a slot below `touched`, nil when it is free.
  public func occupant(ofSlot slot: Int) -> Handle? {
    precondition(slot >= 0 && slot < touched, "no such slot")
    let handle = Handle(bits: occupants[slot])
    return Int(handle.slot) == slot ? handle : nil
  }
}
