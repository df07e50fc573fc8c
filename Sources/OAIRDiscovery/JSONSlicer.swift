/// Takes a JSON text apart without changing it: objects and arrays into the ranges of their values.
///
/// Strict (RFC 8259), because slices are passed on into answers of our own: what gets through here
/// is valid JSON. For the control plane.
struct JSONSlicer {
  private let bytes: UnsafeRawBufferPointer
  /// How far it has come; after a failure, where the text stops being JSON.
  private(set) var offset: Int
  private let end: Int
  private var depth = 0

  /// Reads a part of a text.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, which the caller has checked.
  ///   - range: the part; by default everything.
  init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>? = nil) {
    self.bytes = bytes
    offset = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// Takes the text as an object.
  ///
  /// - Returns: keys, decoded, and the ranges of their values, in their order; nil when the text
  ///   isn't exactly one valid object.
  mutating func members() -> [(key: String, value: Range<Int>)]? {
    var members: [(String, Range<Int>)] = []
    let isValid = list(open: "{", close: "}") { slicer in
      let start = slicer.offset
      guard slicer.skipString() else { return false }
      let key = start..<slicer.offset
      guard slicer.takes(":"), let value = slicer.skipValue() else { return false }
      guard let name = JSONSlicer(slicer.bytes, in: key).string() else { return false }
      members.append((name, value))
      return true
    }
    return isValid && isAtEnd() ? members : nil
  }

  /// Takes the text as an array.
  ///
  /// - Returns: the ranges of its elements; nil when the text isn't exactly one valid array.
  mutating func elements() -> [Range<Int>]? {
    var elements: [Range<Int>] = []
    let isValid = list(open: "[", close: "]") { slicer in
      guard let element = slicer.skipValue() else { return false }
      elements.append(element)
      return true
    }
    return isValid && isAtEnd() ? elements : nil
  }

  /// Takes the text as a string.
  ///
  /// - Returns: its decoded value; nil when the text isn't exactly one valid string.
  func string() -> String? {
    var slicer = self
    guard slicer.peek() == UInt8(ascii: "\"") else { return nil }
    let start = slicer.offset + 1
    guard slicer.skipString(), slicer.isAtEnd() else { return nil }
    var end = slicer.end
    while bytes[end - 1] != UInt8(ascii: "\"") { end -= 1 }
    return Self.decode(UnsafeRawBufferPointer(rebasing: bytes[start..<end - 1]))
  }

  // MARK: - Values

  /// True when the text is exactly one valid value.
  mutating func isValue() -> Bool { skipValue() != nil && isAtEnd() }

  /// Checks a value and moves over it.
  private mutating func skipValue() -> Range<Int>? {
    let first = peek()
    let start = offset
    let isValid =
      switch first {
      case UInt8(ascii: "{"): skipObject()
      case UInt8(ascii: "["): list(open: "[", close: "]") { $0.skipValue() != nil }
      case UInt8(ascii: "\""): skipString()
      case UInt8(ascii: "t"): takes(word: "true")
      case UInt8(ascii: "f"): takes(word: "false")
      case UInt8(ascii: "n"): takes(word: "null")
      default: skipNumber()
      }
    return isValid ? start..<offset : nil
  }

  private mutating func skipObject() -> Bool {
    list(open: "{", close: "}") { slicer in
      slicer.skipString() && slicer.takes(":") && slicer.skipValue() != nil
    }
  }

  private mutating func list(
    open: Unicode.Scalar,
    close: Unicode.Scalar,
    element: (inout JSONSlicer) -> Bool
  ) -> Bool {
    guard depth < DiscoveryLimits.jsonDepth, takes(open) else { return false }
    depth += 1
    defer { depth -= 1 }
    if takes(close) { return true }
    repeat {
      guard element(&self) else { return false }
    } while takes(",")
    return takes(close)
  }

  private mutating func skipString() -> Bool {
    guard takes("\"") else { return false }
    while offset < end {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case 0x00...0x1f: return false
      case UInt8(ascii: "\\"): if !skipEscape() { return false }
      default: break
      }
    }
    return false
  }

  private mutating func skipEscape() -> Bool {
    guard offset < end else { return false }
    let byte = bytes[offset]
    offset += 1
    if "\"\\/bfnrt".utf8.contains(byte) { return true }
    guard byte == UInt8(ascii: "u"), offset + 4 <= end else { return false }
    defer { offset += 4 }
    return (offset..<offset + 4).allSatisfy { Self.hexDigit(bytes[$0]) != nil }
  }

  /// `-`? then `0` or digits without a leading zero, then a fraction, then an exponent.
  private mutating func skipNumber() -> Bool {
    _ = takesByte("-")
    if !takesByte("0"), skipDigits() == 0 { return false }
    if takesByte("."), skipDigits() == 0 { return false }
    if takesByte("e") || takesByte("E") {
      if !takesByte("+") { _ = takesByte("-") }
      if skipDigits() == 0 { return false }
    }
    return true
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while offset < end, (48...57).contains(bytes[offset]) { offset += 1 }
    return offset - start
  }

  // MARK: - Bytes

  /// The next byte that isn't white space; 0 at the end.
  private mutating func peek() -> UInt8 {
    while offset < end, " \n\r\t".utf8.contains(bytes[offset]) { offset += 1 }
    return offset < end ? bytes[offset] : 0
  }

  private mutating func isAtEnd() -> Bool {
    _ = peek()
    return offset == end
  }

  private mutating func takes(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func takesByte(_ character: Unicode.Scalar) -> Bool {
    guard offset < end, bytes[offset] == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func takes(word: String) -> Bool {
    guard offset + word.utf8.count <= end,
      word.utf8.elementsEqual(bytes[offset..<offset + word.utf8.count])
    else { return false }
    offset += word.utf8.count
    return true
  }

  // MARK: - Strings

  private static func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case 48...57: UInt16(byte - 48)
    case 65...70: UInt16(byte - 55)
    case 97...102: UInt16(byte - 87)
    default: nil
    }
  }

  /// Decodes the inside of a string that was checked.
  ///
  /// Lone surrogates are refused: no UTF-8 can stand for them.
  private static func decode(_ text: UnsafeRawBufferPointer) -> String? {
    guard text.contains(UInt8(ascii: "\\")) else { return String(validating: text, as: UTF8.self) }
    var units: [UInt16] = []
    var plain = 0
    var offset = 0
    func flush() {
      units.append(contentsOf: String(decoding: text[plain..<offset], as: UTF8.self).utf16)
    }
    while offset < text.count {
      guard text[offset] == UInt8(ascii: "\\") else {
        offset += 1
        continue
      }
      flush()
      let (unit, length) = escape(text, at: offset + 1)
      units.append(unit)
      offset += 1 + length
      plain = offset
    }
    flush()
    return String(validating: units, as: UTF16.self)
  }

  private static func escape(_ text: UnsafeRawBufferPointer, at offset: Int) -> (UInt16, Int) {
    switch text[offset] {
    case UInt8(ascii: "b"): return (8, 1)
    case UInt8(ascii: "f"): return (12, 1)
    case UInt8(ascii: "n"): return (10, 1)
    case UInt8(ascii: "r"): return (13, 1)
    case UInt8(ascii: "t"): return (9, 1)
    case UInt8(ascii: "u"):
      let unit = text[(offset + 1)...(offset + 4)].reduce(UInt16(0)) {
        $0 << 4 | (hexDigit($1) ?? 0)
      }
      return (unit, 5)
    case let byte: return (UInt16(byte), 1)
    }
  }
}
