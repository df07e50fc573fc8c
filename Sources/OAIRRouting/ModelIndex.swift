import Glibc

/// Finds a model's number by the bytes of its name: an open-addressed hash table that is filled
/// once and then only read.
///
/// A lookup allocates nothing and makes no String.
///
/// Owned by one `RouteTable`; read on every thread that has that table.
// SAFETY: written in `init` only; afterwards all threads just read.
struct ModelIndex: ~Copyable, @unchecked Sendable {
  private struct Bucket {
    /// The upper half of the hash: names are compared only when it fits.
    var tag: UInt32
    /// The entry's number plus one; 0 marks an empty bucket, which ends a probe sequence.
    var entry: UInt32
  }
  private struct Name {
    var start: UInt32
    var count: UInt32
  }

  // SAFETY: the three blocks are allocated and filled in init, never written or moved afterwards,
  // and freed in deinit, which runs when no reader is left. That is what @unchecked stands for.
  private let buckets: UnsafeMutablePointer<Bucket>
  private let names: UnsafeMutablePointer<Name>
  private let text: UnsafeMutablePointer<UInt8>
  private let mask: Int
  /// How many names there are.
  let count: Int

  /// Indexes names by their position.
  ///
  /// - Parameter canonical: canonical names, each once.
  init(_ canonical: [[UInt8]]) {
    count = canonical.count
    // At most half full, so that probe sequences stay short (expected 1.5 looks per hit).
    var capacity = 4
    while capacity < canonical.count * 2 { capacity *= 2 }
    mask = capacity - 1
    buckets = .allocate(capacity: capacity)
    buckets.initialize(repeating: Bucket(tag: 0, entry: 0), count: capacity)
    names = .allocate(capacity: max(canonical.count, 1))
    text = .allocate(capacity: max(canonical.reduce(0) { $0 + $1.count }, 1))
    var offset = 0
    for (number, name) in canonical.enumerated() {
      (names + number).initialize(to: Name(start: UInt32(offset), count: UInt32(name.count)))
      name.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress { memcpy(text + offset, base, bytes.count) }
        insert(number, hash: Self.hash(bytes))
      }
      offset += name.count
    }
  }

  deinit {
    buckets.deallocate()
    names.deallocate()
    text.deallocate()
  }

  /// The number of a name.
  ///
  /// - Parameter name: the canonical name's bytes.
  /// - Returns: nil when the name isn't there.
  func find(_ name: UnsafeRawBufferPointer) -> Int? {
    let hash = Self.hash(name)
    let tag = UInt32(truncatingIfNeeded: hash >> 32)
    var position = Int(truncatingIfNeeded: hash) & mask
    while true {
      let bucket = buckets[position]
      if bucket.entry == 0 { return nil }
      if bucket.tag == tag, isEqual(Int(bucket.entry) - 1, name) { return Int(bucket.entry) - 1 }
      position = (position + 1) & mask
    }
  }

  private func isEqual(_ number: Int, _ name: UnsafeRawBufferPointer) -> Bool {
    let candidate = names[number]
    guard Int(candidate.count) == name.count else { return false }
    guard let base = name.baseAddress else { return true }
    return memcmp(text + Int(candidate.start), base, name.count) == 0
  }

  private func insert(_ number: Int, hash: UInt64) {
    var position = Int(truncatingIfNeeded: hash) & mask
    while buckets[position].entry != 0 { position = (position + 1) & mask }
    buckets[position] = Bucket(
      tag: UInt32(truncatingIfNeeded: hash >> 32),
      entry: UInt32(number + 1)
    )
  }

  /// Eight bytes at a time through a 64 × 64 → 128 bit multiplication whose halves are folded.
  ///
  /// Unkeyed on purpose: clients only look names up, they can't put any in.
  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
    var offset = 0
    while bytes.count - offset >= 8 {
      state = fold(state ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < bytes.count {
      tail = tail << 8 | UInt64(bytes[offset])
      offset += 1
    }
    // The last fold spreads the tail over the bits that choose the bucket.
    return fold(fold(state ^ tail))
  }

  private static func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
    return product.high ^ product.low
  }
}
