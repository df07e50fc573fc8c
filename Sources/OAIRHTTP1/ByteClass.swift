/// Classes of single bytes, as bit sets.
///
/// Two immediates and a shift: no table in memory, no lazy initialiser of a global. `ByteScan` uses
/// them where eight bytes at a time can't decide.
enum ByteClass {
  static var tab: UInt8 { 0x09 }
  static var lineFeed: UInt8 { 0x0A }
  static var carriageReturn: UInt8 { 0x0D }
  static var space: UInt8 { 0x20 }
  static var colon: UInt8 { 0x3A }

  /// `tchar` of RFC 9110 section 5.6.2: letters, digits and ``!#$%&'*+-.^_`|~``.
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    contains(byte, low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
  }

  /// A byte of `reg-name` (RFC 3986 section 3.2.2): unreserved, sub-delims and the percent sign.
  @inline(__always)
  static func isRegName(_ byte: UInt8) -> Bool {
    contains(byte, low: 0x2BFF_7FF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
  }

  /// `OWS` consists of these (RFC 9110 section 5.6.3).
  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  /// A control byte other than HTAB: what no field value may hold (RFC 9110 section 5.5).
  @inline(__always)
  static func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != tab) || byte == 0x7F }

  /// `DIGIT` of RFC 5234.
  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The value of a `HEXDIG` in either case, or nil.
  @inline(__always)
  static func hexValue(_ byte: UInt8) -> UInt8? {
    let digit = byte &- 0x30
    if digit < 10 { return digit }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }

  /// An ASCII letter in lower case; other bytes unchanged.
  @inline(__always)
  static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inline(__always)
  private static func contains(_ byte: UInt8, low: UInt64, high: UInt64) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? low : high) &>> UInt64(byte & 63)) & 1 != 0
  }
}
