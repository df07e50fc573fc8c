/// Well-formed UTF-8 as Table 3-7 of the Unicode Standard defines it.
enum UTF8Sequence {
  /// Decodes the sequence at `offset`.
  ///
  /// Returns its scalar and length, or no scalar and the length of the ill-formed part (at least
  /// 1), which a repairing caller replaces by one U+FFFD (the "maximal subpart" practice).
  static func decode(
    _ bytes: UnsafePointer<UInt8>,
    at offset: Int,
    before end: Int
  ) -> (scalar: UInt32?, length: Int) {
    let lead = bytes[offset]
    var low: UInt8 = 0x80
    var high: UInt8 = 0xBF
    let trailing: Int
    var scalar: UInt32
    switch lead {
    case 0x00...0x7F: return (UInt32(lead), 1)
    case 0xC2...0xDF: (trailing, scalar) = (1, UInt32(lead & 0x1F))
    case 0xE0...0xEF:
      (trailing, scalar) = (2, UInt32(lead & 0x0F))
      if lead == 0xE0 { low = 0xA0 }  // no overlong forms
      if lead == 0xED { high = 0x9F }  // no surrogates
    case 0xF0...0xF4:
      (trailing, scalar) = (3, UInt32(lead & 0x07))
      if lead == 0xF0 { low = 0x90 }
      if lead == 0xF4 { high = 0x8F }  // nothing above U+10FFFF
    default: return (nil, 1)
    }
    for step in 1...trailing {
      guard offset + step < end else { return (nil, step) }
      let byte = bytes[offset + step]
      guard byte >= low, byte <= high else { return (nil, step) }
      scalar = scalar << 6 | UInt32(byte & 0x3F)
      (low, high) = (0x80, 0xBF)
    }
    return (scalar, trailing + 1)
  }

  /// Number of bytes that `scalar` takes.
  static func length(of scalar: UInt32) -> Int {
    scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
  }

  /// Writes `scalar` at the start of `memory`, which has room for it; returns its length.
  static func encode(_ scalar: UInt32, into memory: UnsafeMutablePointer<UInt8>) -> Int {
    let length = length(of: scalar)
    guard length > 1 else {
      memory[0] = UInt8(truncatingIfNeeded: scalar)
      return 1
    }
    var rest = scalar
    for index in stride(from: length - 1, to: 0, by: -1) {
      memory[index] = 0x80 | UInt8(truncatingIfNeeded: rest & 0x3F)
      rest >>= 6
    }
    let mark: UInt8 = length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0
    memory[0] = mark | UInt8(truncatingIfNeeded: rest)
    return length
  }
}
