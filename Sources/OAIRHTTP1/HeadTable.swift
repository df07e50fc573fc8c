/// The fields of the head that was parsed last, in the order received, duplicates kept.
///
/// Owns storage for a fixed number of fields, allocated once. A reactor holds one for requests and
/// one for responses and lends it to each parse; what it says is valid until the next parse, and
/// only together with the bytes that were parsed.
public struct HeadTable: ~Copyable, @unchecked Sendable {
  // SAFETY: allocated by `init`, freed by `deinit`, never shared: the struct can't be copied, so
  // it may move between threads like any value. The first `count` elements are initialised;
  // `HeadField` is trivial, so overwriting needs no deinitialisation.
  private let storage: UnsafeMutablePointer<HeadField>
  /// Number of fields that it can hold.
  public let capacity: Int
  /// Number of fields in it.
  public private(set) var count = 0
  /// One bit for each known field that occurs.
  private var seen: UInt32 = 0

  /// Allocates room for fields.
  ///
  /// - Parameter capacity: the most fields that a head may have, 1 or more; a head with more
  ///   is refused, even if `HTTP1Limits.fields` would allow it.
  public init(capacity: Int) {
    precondition(capacity > 0, "a table without room")
    storage = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { storage.deallocate() }

  /// The field at a position.
  ///
  /// - Parameter index: 0 ..< `count`; anything else is a programmer's error and traps.
  public subscript(_ index: Int) -> HeadField {
    precondition(index >= 0 && index < count, "no such field")
    return storage[index]
  }

  /// The first field of a kind, if there is one.
  public func first(_ known: KnownField) -> HeadField? {
    guard contains(known) else { return nil }
    for index in 0..<count where storage[index].known == known { return storage[index] }
    return nil
  }

  /// Whether a field of the kind is there, without looking at the fields.
  @inline(__always)
  public func contains(_ known: KnownField) -> Bool {
    seen & (1 &<< UInt32(known.rawValue)) != 0
  }

  mutating func removeAll() {
    count = 0
    seen = 0
  }

  /// Adds a field, the caller having checked that `count < capacity`.
  @inline(__always)
  mutating func append(_ field: HeadField) {
    assert(count < capacity)
    (storage + count).initialize(to: field)
    count &+= 1
    seen |= 1 &<< UInt32(field.known.rawValue)
  }

  /// Marks every field of a name that `Connection` gave.
  mutating func markNamedByConnection(
    _ head: UnsafeRawPointer,
    _ name: UnsafeRawPointer,
    count nameCount: Int
  ) {
    for index in 0..<count {
      let field = storage[index]
      guard field.name.count == nameCount, !field.known.isProtectedFromConnection,
        CaseFold.equals(head + Int(field.name.start), name, count: nameCount)
      else { continue }
      storage[index].isNamedByConnection = true
    }
  }
}
