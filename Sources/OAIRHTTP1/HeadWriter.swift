import Glibc

/// Writes a head into memory that the caller owns, never past its end.
///
/// Lives for the duration of one head; the caller looks at `isOverflowed` and `isInvalid` once, at
/// the end, and discards what was written if either is set.
public struct HeadWriter {
  // SAFETY: the caller keeps the memory alive and unshared while it uses the writer; every write
  // goes through `reserve`, which stays within `capacity`.
  private let base: UnsafeMutableRawPointer?
  private let capacity: Int
  /// Bytes written so far.
  public private(set) var count = 0
  /// Whether something did not fit; nothing has been written since.
  public private(set) var isOverflowed = false
  /// Whether a name or value was refused because it would have broken the head's lines.
  public private(set) var isInvalid = false

  /// Makes a writer.
  ///
  /// - Parameter memory: where to write; its count is the bound.
  public init(_ memory: UnsafeMutableRawBufferPointer) {
    base = memory.baseAddress
    capacity = memory.count
  }

  /// Appends text as it is.
  @inline(__always)
  public mutating func append(_ text: StaticString) {
    copy(UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount)
  }

  /// Appends bytes as they are: for what a parser has checked, such as a target.
  @inline(__always)
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    copy(source, bytes.count)
  }

  /// Appends a byte.
  @inline(__always)
  public mutating func append(byte: UInt8) {
    guard let target = reserve(1) else { return }
    target.storeBytes(of: byte, as: UInt8.self)
  }

  /// Appends a number in decimal, with a minus sign if it is negative.
  public mutating func append(decimal value: Int) {
    if value < 0 { append(byte: 0x2D) }
    var rest = value.magnitude
    if rest < 10 {
      append(byte: UInt8(truncatingIfNeeded: rest) &+ 0x30)
      return
    }
    var digits = 2
    var bound: UInt = 100
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

  /// Appends a field line.
  ///
  /// - Parameters:
  ///   - name: the field's name; a programmer's error if it isn't a token.
  ///   - value: its value; one with control bytes other than HTAB sets `isInvalid`, and the line is
  ///     left out.
  public mutating func field(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    guard accepts(value) else { return }
    appendName(name)
    append(value)
    append("\r\n")
  }

  /// Appends a field line of fixed text; a programmer's error if it would break the head.
  public mutating func field(_ name: StaticString, _ value: StaticString) {
    let text = UnsafeRawPointer(value.utf8Start)
    assert(
      ByteScan.firstControl(text, 0, value.utf8CodeUnitCount) == value.utf8CodeUnitCount,
      "a field value with control bytes"
    )
    appendName(name)
    append(value)
    append("\r\n")
  }

  /// Appends a field line whose value is a number in decimal.
  public mutating func field(_ name: StaticString, decimal value: Int) {
    appendName(name)
    append(decimal: value)
    append("\r\n")
  }

  /// Appends a field line; a name that isn't a token, or a value with control bytes other than
  /// HTAB, sets `isInvalid`, and the line is left out.
  public mutating func field(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    guard let bytes = name.baseAddress, name.count > 0,
      ByteScan.endOfToken(bytes, 0, name.count) == name.count
    else {
      isInvalid = true
      return
    }
    guard accepts(value) else { return }
    append(name)
    append(": ")
    append(value)
    append("\r\n")
  }

  /// Appends a field that a parser has accepted, as it was received, whitespace before the value
  /// included; it needs no second check.
  ///
  /// - Parameters:
  ///   - field: an entry of the table that was filled from `head`.
  ///   - head: the bytes that were parsed.
  @inline(__always)
  public mutating func field(_ field: HeadField, from head: UnsafeRawBufferPointer) {
    append(UnsafeRawBufferPointer(rebasing: head[Int(field.name.start)..<Int(field.value.end)]))
    append("\r\n")
  }

  /// Appends the empty line that ends a head.
  @inline(__always)
  public mutating func endOfHead() { append("\r\n") }

  private mutating func accepts(_ value: UnsafeRawBufferPointer) -> Bool {
    guard let bytes = value.baseAddress else { return true }
    if ByteScan.firstControl(bytes, 0, value.count) == value.count { return true }
    isInvalid = true
    return false
  }

  @inline(__always)
  private mutating func appendName(_ name: StaticString) {
    // Names and values of this kind are written in the source, and its tests pass them all: to
    // check them again for each request took 900 instructions.
    let count = name.utf8CodeUnitCount
    assert(
      count > 0 && ByteScan.endOfToken(UnsafeRawPointer(name.utf8Start), 0, count) == count,
      "a field name that isn't a token"
    )
    append(name)
    append(": ")
  }

  @inline(__always)
  private mutating func copy(_ source: UnsafeRawPointer, _ length: Int) {
    guard length > 0, let target = reserve(length) else { return }
    memcpy(target, source, length)
  }

  /// Room for so many bytes, or nil once something did not fit.
  @inline(__always)
  private mutating func reserve(_ length: Int) -> UnsafeMutableRawPointer? {
    guard let base, !isOverflowed, length <= capacity &- count else {
      isOverflowed = true
      return nil
    }
    let target = base + count
    count &+= length
    return target
  }
}
