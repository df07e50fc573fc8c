/// Decodes the inside of one JSON string (RFC 8259 section 7), a Unicode scalar at a time.
///
/// Strict, because what it decodes chooses a backend: control characters, unknown escapes, lone
/// surrogates and ill-formed UTF-8 are refused.
struct JSONStringDecoder {
  enum Step: Equatable {
    case scalar(UInt32)
    case end
    /// What stands at this offset has no place in a string.
    case invalid(at: Int)
  }

  private let bytes: UnsafePointer<UInt8>
  private let end: Int
  private var offset: Int

  /// `range` lies between the quotes.
  init(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) {
    self.bytes = bytes
    self.offset = range.lowerBound
    self.end = range.upperBound
  }

  mutating func next() -> Step {
    guard offset < end else { return .end }
    let byte = bytes[offset]
    if byte == Byte.backslash { return nextEscape() }
    if byte < 0x20 || byte == Byte.quote { return .invalid(at: offset) }
    if byte < 0x80 {
      offset += 1
      return .scalar(UInt32(byte))
    }
    let (scalar, length) = UTF8Sequence.decode(bytes, at: offset, before: end)
    guard let scalar else { return .invalid(at: offset) }
    offset += length
    return .scalar(scalar)
  }

  private mutating func nextEscape() -> Step {
    let start = offset
    guard start + 1 < end else { return .invalid(at: start) }
    let plain: UInt32
    switch bytes[start + 1] {
    case Byte.quote, Byte.backslash, UInt8(ascii: "/"): plain = UInt32(bytes[start + 1])
    case UInt8(ascii: "b"): plain = 0x08
    case UInt8(ascii: "f"): plain = 0x0C
    case UInt8(ascii: "n"): plain = 0x0A
    case UInt8(ascii: "r"): plain = 0x0D
    case UInt8(ascii: "t"): plain = 0x09
    case UInt8(ascii: "u"): return nextUnicodeEscape()
    default: return .invalid(at: start)
    }
    offset = start + 2
    return .scalar(plain)
  }

  private mutating func nextUnicodeEscape() -> Step {
    let start = offset
    guard let first = hexUnit(at: start + 2) else { return .invalid(at: start) }
    switch first {
    case 0xD800...0xDBFF:
      guard bytes.has("\\u", at: start + 6, before: end), let second = hexUnit(at: start + 8),
        second >= 0xDC00, second <= 0xDFFF
      else { return .invalid(at: start) }
      offset = start + 12
      return .scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    case 0xDC00...0xDFFF:
      return .invalid(at: start)
    default:
      offset = start + 6
      return .scalar(first)
    }
  }

  private func hexUnit(at start: Int) -> UInt32? {
    guard start + 4 <= end else { return nil }
    var unit: UInt32 = 0
    for index in start..<start + 4 {
      let digit: UInt8
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - UInt8(ascii: "A") + 10
      default: return nil
      }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }
}
