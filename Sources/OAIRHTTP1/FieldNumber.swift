/// Numbers in field values: digits only, no sign, no list, no whitespace, no overflow.
enum FieldNumber {
  /// The value of a Content-Length (RFC 9110 section 8.6: `1*DIGIT`), or nil if it isn't one.
  @inline(__always)
  static func contentLength(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int? {
    let count = end &- start
    guard count > 0 && count <= HTTP1Limits.contentLengthDigits else { return nil }
    // Nineteen digits stay below 10^19 < 2^64: no step can overflow, only the end is checked.
    var value: UInt64 = 0
    for index in start..<end {
      let digit = ByteScan.byte(base, index) &- 0x30
      guard digit < 10 else { return nil }
      value = value &* 10 &+ UInt64(digit)
    }
    return value <= UInt64(Int.max) ? Int(value) : nil
  }

  /// `delta-seconds` (RFC 9110 section 10.2.3) clamped to `HTTP1Limits.seconds`, or nil if it
  /// isn't a number, as when `Retry-After` holds a date.
  static func seconds(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int? {
    guard start < end else { return nil }
    var value = 0
    for index in start..<end {
      let digit = ByteScan.byte(base, index) &- 0x30
      guard digit < 10 else { return nil }
      value = min(value &* 10 &+ Int(digit), HTTP1Limits.seconds)
    }
    return value
  }
}
