import Glibc

/// The beginning of a line that arrives in pieces, up to a limit; its memory is allocated when a
/// line is first split and reused after that.
struct KeptLine: ~Copyable, @unchecked Sendable {
  // SAFETY (@unchecked Sendable): `memory` has this value as its only owner.

  private var memory: UnsafeMutablePointer<UInt8>?
  private var capacity = 0
  /// Bytes kept.
  private(set) var count = 0

  /// The bytes kept.
  ///
  /// Valid until the next mutation; nil before the first line was split.
  var bytes: UnsafePointer<UInt8>? { memory.map { UnsafePointer($0) } }

  /// Appends as much of the piece as `limit` leaves room for.
  mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int, limit: Int) {
    let taken = min(length, limit - count)
    guard taken > 0 else { return }
    reserve(count + taken, limit: limit)
    guard let memory else { return }
    // SAFETY: `reserve` made room for count + taken bytes; the piece can't overlap memory we own.
    memcpy(memory + count, bytes, taken)
    count += taken
  }

  /// Forgets the line, keeps the memory.
  mutating func removeAll() {
    count = 0
  }

  /// Forgets what is behind `limit` and gives back the memory it took.
  mutating func shrink(to limit: Int) {
    count = min(count, limit)
    if capacity > limit { move(to: limit) }
  }

  private mutating func reserve(_ needed: Int, limit: Int) {
    guard needed > capacity else { return }
    move(to: min(limit, max(needed, 2 * capacity, 512)))
  }

  private mutating func move(to newCapacity: Int) {
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
    if let memory {
      // SAFETY: count <= newCapacity in both callers.
      memcpy(moved, memory, count)
      memory.deallocate()
    }
    memory = moved
    capacity = newCapacity
  }

  deinit {
    memory?.deallocate()
  }
}
