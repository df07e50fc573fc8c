/// Which of `{` and `[` each open level of a JSON text began with, one bit per level.
///
/// The first 64 levels are a word; levels to `trackedDepth` are 504 bytes that are allocated when
/// a text first goes that deep. Deeper levels are only counted, so that the memory of a scan is
/// bounded whatever is sent.
struct BracketStack: ~Copyable, @unchecked Sendable {
  // SAFETY (@unchecked Sendable): the memory behind `deep` has this value as its only owner.

  /// Levels whose kind is known.
  static let trackedDepth = 4096
  private static let wordBits = 64

  /// Number of open levels.
  private(set) var depth = 0
  private var shallow: UInt64 = 0
  private var deep: UnsafeMutablePointer<UInt64>?

  /// Whether the kind of the innermost level is known.
  var isTracked: Bool { depth <= Self.trackedDepth }

  /// Whether the innermost level is an object; only meaningful where `isTracked`.
  @inline(__always)
  var isInObject: Bool {
    let level = depth &- 1
    guard level >= Self.wordBits else { return (shallow &>> UInt64(level & 63)) & 1 == 1 }
    return isDeepObject(level)
  }

  /// The bracket that may close the innermost level.
  ///
  /// Only meaningful where `isTracked`.
  @inline(__always)
  var closer: UInt8 { isInObject ? Byte.closeBrace : Byte.closeBracket }

  /// Opens a level.
  @inline(__always)
  mutating func push(isObject: Bool) {
    let level = depth
    depth = level &+ 1
    guard level < Self.wordBits else { return pushDeep(level, isObject: isObject) }
    let bit = UInt64(1) &<< UInt64(level & 63)
    shallow = isObject ? shallow | bit : shallow & ~bit
  }

  private func isDeepObject(_ level: Int) -> Bool {
    // Asked of a level that isn't tracked, too: whoever opens one asks what may close it.
    guard let deep, level < Self.trackedDepth else { return false }
    return (deep[level / Self.wordBits - 1] >> UInt64(level & 63)) & 1 == 1
  }

  private mutating func pushDeep(_ level: Int, isObject: Bool) {
    guard level < Self.trackedDepth else { return }
    let bit = UInt64(1) << UInt64(level & 63)
    let words = deepWords()
    let word = level / Self.wordBits - 1
    words[word] = isObject ? words[word] | bit : words[word] & ~bit
  }

  /// Closes the innermost level.
  ///
  /// There must be one.
  mutating func pop() {
    depth -= 1
  }

  private mutating func deepWords() -> UnsafeMutablePointer<UInt64> {
    if let deep { return deep }
    let count = Self.trackedDepth / Self.wordBits - 1
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    words.initialize(repeating: 0, count: count)
    deep = words
    return words
  }

  deinit {
    deep?.deallocate()
  }
}
