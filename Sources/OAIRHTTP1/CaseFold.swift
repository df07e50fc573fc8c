/// Comparisons with lower-case literals that ignore the case of ASCII letters, eight bytes a step.
///
/// A letter of the literal (bit 6 set) allows bit 5 of the received byte to differ; any other
/// byte of the literal must match exactly, so that CR can't pass for `-` as it would if bit 5
/// were forced everywhere. Literals hold lower-case letters, digits and `-./_+` only.
///
/// SAFETY, for all functions here: the caller guarantees that `base ..< base + count` is readable.
/// The literal's bytes live as long as the program.
enum CaseFold {
  /// Whether the `count` bytes at `base` are the literal in any case.
  @inline(__always)
  static func equals(_ base: UnsafeRawPointer, count: Int, _ literal: StaticString) -> Bool {
    count == literal.utf8CodeUnitCount && hasPrefix(base, literal)
  }

  /// Whether the bytes at `base`, at least as many as the literal has, begin with it.
  @inline(__always)
  static func hasPrefix(_ base: UnsafeRawPointer, _ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    let expected = UnsafeRawPointer(literal.utf8Start)
    if count >= 8 {
      // Whole words, then one that ends with the literal; it may overlap the word before.
      var index = 0
      while index < count &- 8 {
        guard matches(base, expected, index, as: UInt64.self) else { return false }
        index &+= 8
      }
      return matches(base, expected, count &- 8, as: UInt64.self)
    }
    if count >= 4 {
      return matches(base, expected, 0, as: UInt32.self)
        && matches(base, expected, count &- 4, as: UInt32.self)
    }
    var index = 0
    while index < count {
      guard matches(base, expected, index, as: UInt8.self) else { return false }
      index &+= 1
    }
    return true
  }

  /// Whether two ranges of received bytes are equal but for the case of letters.
  static func equals(
    _ left: UnsafeRawPointer,
    _ right: UnsafeRawPointer,
    count: Int
  ) -> Bool {
    for index in 0..<count
    where ByteClass.lowercased(ByteScan.byte(left, index))
      != ByteClass.lowercased(ByteScan.byte(right, index))
    {
      return false
    }
    return true
  }

  @inline(__always)
  private static func matches<Word: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ base: UnsafeRawPointer,
    _ expected: UnsafeRawPointer,
    _ offset: Int,
    as: Word.Type
  ) -> Bool {
    let received = base.loadUnaligned(fromByteOffset: offset, as: Word.self)
    let wanted = expected.loadUnaligned(fromByteOffset: offset, as: Word.self)
    let letterCase = (wanted &>> 1) & (Word.max / 0xFF &* 0x20)
    return received | letterCase == wanted
  }
}
