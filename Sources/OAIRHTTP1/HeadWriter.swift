/// Writes a head into memory that the caller owns, never past its end.
///
/// Lives for the duration of one head; the caller looks at `isOverflowed` and `isInvalid` once, at
/// the end, and discards what was written if either is set.
///
/// What heads are made of is inlined into its callers: fixed text then becomes a few stores, where
/// a call with the text's address and length costs twenty instructions a piece.
public struct HeadWriter {
  // SAFETY: the caller keeps the memory alive and unshared while it uses the writer; every write
  // goes through `reserve`, which stays within `capacity`.
  @usableFromInline let base: UnsafeMutableRawPointer?
  /// Bytes that may be written in all; those that are there once something did not fit.
  @usableFromInline var capacity: Int
  @usableFromInline var written = 0
  /// Bytes written so far.
  @inlinable
  public var count: Int { written }
  /// Whether something did not fit; nothing has been written since.
  public internal(set) var isOverflowed = false
  /// Whether a name or value was refused because it would have broken the head's lines.
  public internal(set) var isInvalid = false

  /// Makes a writer.
  ///
  /// - Parameter memory: where to write; its count is the bound.
  public init(_ memory: UnsafeMutableRawBufferPointer) {
    base = memory.baseAddress
    capacity = memory.count
  }

  /// Appends text as it is.
  @inlinable @inline(__always)
  public mutating func append(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    guard length > 0, let target = reserve(length) else { return }
    // Of a length that the compiler knows: no call.
    target.copyMemory(from: text.utf8Start, byteCount: length)
  }

  /// Appends bytes as they are: for what a parser has checked, such as a target.
  @inlinable @inline(__always)
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0, let target = reserve(bytes.count) else {
      return
    }
    Self.copy(source, bytes.count, to: target)
  }

  /// Appends text, bytes and text again, all of them or nothing: their room is made once.
  @inlinable @inline(__always)
  public mutating func append(
    _ before: StaticString,
    _ bytes: UnsafeRawBufferPointer,
    _ after: StaticString
  ) {
    let start = before.utf8CodeUnitCount
    let end = start &+ bytes.count
    guard let target = reserve(end &+ after.utf8CodeUnitCount) else { return }
    target.copyMemory(from: before.utf8Start, byteCount: start)
    if let source = bytes.baseAddress, bytes.count > 0 {
      Self.copy(source, bytes.count, to: target + start)
    }
    (target + end).copyMemory(from: after.utf8Start, byteCount: after.utf8CodeUnitCount)
  }

  /// Appends a byte.
  @inlinable @inline(__always)
  public mutating func append(byte: UInt8) {
    guard let target = reserve(1) else { return }
    target.storeBytes(of: byte, as: UInt8.self)
  }

  /// Appends a number in decimal, with a minus sign if it is negative.
  @inlinable
  public mutating func append(decimal value: Int) {
    // Counts of attempts and the like.
    if value >= 0, value < 10 { return append(byte: UInt8(truncatingIfNeeded: value) &+ 0x30) }
    append(longDecimal: value)
  }

  /// Appends an IPv4 address in host byte order: four numbers with points between them.
  ///
  /// It needs room for 16 bytes, one more than the longest has.
  public mutating func append(ipv4 address: UInt32) {
    guard let target = reserve(16) else { return }
    var length = 0
    var rest = address
    for _ in 0..<4 {
      // Three digits and a point are stored at once, without the leading zeros; the point behind
      // the last number is taken back.
      let number = rest &>> 24
      rest = rest &<< 8
      let (hundreds, tens) = (number / 100, number / 10)
      let digits =
        hundreds | (tens &- hundreds &* 10) &<< 8 | (number &- tens &* 10) &<< 16
        | 0x2E30_3030
      let zeros: UInt32 = number < 10 ? 2 : number < 100 ? 1 : 0
      let word = (digits &>> (zeros &* 8)).littleEndian
      target.storeBytes(of: word, toByteOffset: length, as: UInt32.self)
      length &+= 4 &- Int(zeros)
    }
    written &-= 16 &- (length &- 1)
  }

  @usableFromInline
  mutating func append(longDecimal value: Int) {
    if value < 0 { append(byte: 0x2D) }
    var rest = value.magnitude
    var digits = 1
    var bound: UInt = 10
    while rest >= bound {
      digits &+= 1
      // Of nineteen digits at most, so that the bound stays below 10^19, which fits.
      bound *= 10
    }
    guard let target = reserve(digits) else { return }
    while digits > 0 {
      digits &-= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      let character = UInt8(truncatingIfNeeded: digit) &+ 0x30
      target.storeBytes(of: character, toByteOffset: digits, as: UInt8.self)
      rest = quotient
    }
  }

  /// Appends a chunk size, in hexadecimal (RFC 9112 section 7.1).
  ///
  /// - Parameter value: not negative.
  public mutating func append(hexadecimal value: Int) {
    precondition(value >= 0, "a chunk size is never negative")
    var shift = max(0, (Int.bitWidth - 1 - value.leadingZeroBitCount) / 4 * 4)
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
      append(byte: digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
      shift -= 4
    }
  }

  // MARK: - Room

  /// Room for so many bytes, or nil once something did not fit.
  @inlinable @inline(__always)
  mutating func reserve(_ length: Int) -> UnsafeMutableRawPointer? {
    guard let base, length <= capacity &- written else {
      overflow()
      return nil
    }
    let target = base + written
    written &+= length
    return target
  }

  @usableFromInline @inline(never)
  mutating func overflow() {
    isOverflowed = true
    capacity = written
  }

  /// Copies bytes; short ones, as most values are, without a call.
  ///
  /// SAFETY: `length` bytes, one or more, are readable at `source` and writable at `target`, which
  /// don't overlap. Two loads that may overlap each other cover all lengths of a range.
  @inlinable @inline(__always)
  static func copy(_ source: UnsafeRawPointer, _ length: Int, to target: UnsafeMutableRawPointer) {
    if length > 16, length <= 32 {
      copyEnds(source, length, to: target, as: SIMD16<UInt8>.self)
    } else if length >= 8, length <= 16 {
      copyEnds(source, length, to: target, as: UInt64.self)
    } else if length >= 4, length < 8 {
      copyEnds(source, length, to: target, as: UInt32.self)
    } else {
      target.copyMemory(from: source, byteCount: length)
    }
  }

  @inlinable @inline(__always)
  static func copyEnds<Word: BitwiseCopyable>(
    _ source: UnsafeRawPointer,
    _ length: Int,
    to target: UnsafeMutableRawPointer,
    as: Word.Type
  ) {
    let last = length &- MemoryLayout<Word>.size
    let beginning = source.loadUnaligned(as: Word.self)
    let end = source.loadUnaligned(fromByteOffset: last, as: Word.self)
    target.storeBytes(of: beginning, as: Word.self)
    target.storeBytes(of: end, toByteOffset: last, as: Word.self)
  }
}
