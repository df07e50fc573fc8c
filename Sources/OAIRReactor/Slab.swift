/// A fixed number of slots for values that can't be copied, reached by generation-checked handles:
/// no reference counting, no exclusivity checks, and a stale handle is found out.
///
/// The memory is reserved whole and touched slot by slot, lowest first, so that an idle process
/// pays only for the connections that it has had at one time.
public struct Slab<Element: ~Copyable>: ~Copyable {
  // SAFETY: `elements[i]` is initialised exactly while `generations[i]` is odd; i < touched.
  private let elements: UnsafeMutablePointer<Element>
  private let generations: UnsafeMutablePointer<UInt32>
  private let freed: UnsafeMutablePointer<UInt32>
  private var freedCount = 0
  /// How many slots have ever been used; the others hold no memory yet.
  public private(set) var touched = 0
  /// How many slots are occupied.
  public private(set) var count = 0
  /// LIMIT: how many slots there are.
  public let capacity: Int

  /// Reserves the slots.
  ///
  /// - Parameter capacity: 1 or more.
  public init(capacity: Int) {
    precondition(capacity > 0 && capacity < Int(UInt32.max), "a slab needs slots")
    self.capacity = capacity
    elements = .allocate(capacity: capacity)
    generations = .allocate(capacity: capacity)
    freed = .allocate(capacity: capacity)
  }

  deinit {
    for slot in 0..<touched where generations[slot] & 1 == 1 {
      (elements + slot).deinitialize(count: 1)
    }
    elements.deallocate()
    generations.deallocate()
    freed.deallocate()
  }

  /// True when no slot is free.
  public var isFull: Bool { count == capacity }

  /// True while the value that `handle` names is still there.
  public func contains(_ handle: Handle) -> Bool {
    Int(handle.slot) < touched && generations[Int(handle.slot)] == handle.generation
      && handle.generation & 1 == 1
  }

  /// Moves a value in.
  ///
  /// The slab must not be full.
  public mutating func insert(_ element: consuming Element) -> Handle {
    precondition(count < capacity, "the slab is full")
    let slot: Int
    if freedCount > 0 {
      freedCount &-= 1
      slot = Int(freed[freedCount])
    } else {
      slot = touched
      touched &+= 1
      (generations + slot).initialize(to: 0)
    }
    generations[slot] &+= 1
    count &+= 1
    (elements + slot).initialize(to: element)
    return Handle(slot: UInt32(truncatingIfNeeded: slot), generation: generations[slot])
  }

  /// Moves a value out and makes its handle stale.
  public mutating func remove(_ handle: Handle) -> Element {
    precondition(contains(handle), "a stale handle")
    let slot = Int(handle.slot)
    generations[slot] &+= 1
    freed[freedCount] = handle.slot
    freedCount &+= 1
    count &-= 1
    return (elements + slot).move()
  }

  /// The value that `handle` names; traps when it is stale.
  public subscript(handle: Handle) -> Element {
    _read {
      precondition(contains(handle), "a stale handle")
      yield elements[Int(handle.slot)]
    }
    _modify {
      precondition(contains(handle), "a stale handle")
      yield &elements[Int(handle.slot)]
    }
  }

  /// The handle of whoever is in a slot below `touched`, nil when it is free.
  public func occupant(ofSlot slot: Int) -> Handle? {
    precondition(slot >= 0 && slot < touched, "no such slot")
    guard generations[slot] & 1 == 1 else { return nil }
    return Handle(slot: UInt32(truncatingIfNeeded: slot), generation: generations[slot])
  }
}
