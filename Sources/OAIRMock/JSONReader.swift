/// Why a body isn't what was expected, and where.
struct JSONFault: Error, Equatable {
  enum Kind: Equatable { case syntax, endOfInput, tooDeep, wrongType }
  var kind: Kind
  /// In bytes from the body's start.
  var offset: Int
}

/// Reads a JSON text front to back, member by member.
///
/// What its caller doesn't ask for is checked and skipped, so that a body of 64 MiB costs no tree.
/// It is no part of the proxy: what the proxy makes of a body is judged by another reader.
struct JSONReader {
  /// LIMIT: how deep containers may nest.
  static let maximumDepth = 512

  private let bytes: [UInt8]
  private(set) var position = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  // MARK: - Containers

  /// Reads an object; `member` must read or skip exactly one value for each key.
  mutating func object(
    _ member: (inout JSONReader, String) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try open(0x7B)
    if try peek() == 0x7D { return try close(0x7D) }
    while true {
      let key = try string()
      guard try peek() == 0x3A else { throw fault(.syntax) }
      position += 1
      try member(&self, key)
      guard try peek() == 0x2C else { return try close(0x7D) }
      position += 1
      guard try peek() == 0x22 else { throw fault(.syntax) }
    }
  }

  /// Reads an array; `element` must read or skip exactly one value.
  mutating func array(
    _ element: (inout JSONReader) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try open(0x5B)
    if try peek() == 0x5D { return try close(0x5D) }
    while true {
      try element(&self)
      guard try peek() == 0x2C else { return try close(0x5D) }
      position += 1
    }
  }

  private mutating func open(_ bracket: UInt8) throws(JSONFault) {
    guard try peek() == bracket else { throw fault(.wrongType) }
    guard depth < Self.maximumDepth else { throw fault(.tooDeep) }
    depth += 1
    position += 1
  }

  private mutating func close(_ bracket: UInt8) throws(JSONFault) {
    guard try peek() == bracket else { throw fault(.syntax) }
    depth -= 1
    position += 1
  }

  /// Checks that nothing follows the value that was read.
  mutating func end() throws(JSONFault) {
    skipBlanks()
    guard position == bytes.count else { throw fault(.syntax) }
  }

  // MARK: - Scalars

  /// The first byte of the next value or punctuation.
  mutating func peek() throws(JSONFault) -> UInt8 {
    skipBlanks()
    guard position < bytes.count else { throw fault(.endOfInput) }
    return bytes[position]
  }

  /// Takes a `null`, if that is the next value.
  mutating func takeNull() throws(JSONFault) -> Bool {
    guard try peek() == 0x6E else { return false }
    try word("null")
    return true
  }

  mutating func bool() throws(JSONFault) -> Bool {
    switch try peek() {
    case 0x74: try word("true"); return true
    case 0x66: try word("false"); return false
    default: throw fault(.wrongType)
    }
  }

  /// A whole number of 64 bits.
  mutating func int() throws(JSONFault) -> Int {
    let first = try peek()
    guard first == 0x2D || (0x30...0x39).contains(first) else { throw fault(.wrongType) }
    let start = position
    try skipNumber()
    guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw JSONFault(kind: .wrongType, offset: start)
    }
    return value
  }

  mutating func skip() throws(JSONFault) {
    switch try peek() {
    case 0x7B: try object { (reader, _) throws(JSONFault) in try reader.skip() }
    case 0x5B: try array { (reader) throws(JSONFault) in try reader.skip() }
    case 0x22: try skipString()
    case 0x74: try word("true")
    case 0x66: try word("false")
    case 0x6E: try word("null")
    case 0x2D, 0x30...0x39: try skipNumber()
    default: throw fault(.syntax)
    }
  }

  private mutating func word(_ text: StaticString) throws(JSONFault) {
    let count = text.utf8CodeUnitCount
    let matches = text.withUTF8Buffer { $0.elementsEqual(bytes[position...].prefix(count)) }
    guard matches else { throw fault(.syntax) }
    position += count
  }

  /// `[ minus ] int [ frac ] [ exp ]` of RFC 8259 section 6.
  private mutating func skipNumber() throws(JSONFault) {
    if bytes[position] == 0x2D { position += 1 }
    if position < bytes.count, bytes[position] == 0x30 {
      position += 1
    } else {
      try skipDigits()
    }
    if position < bytes.count, bytes[position] == 0x2E {
      position += 1
      try skipDigits()
    }
    guard position < bytes.count, bytes[position] | 0x20 == 0x65 else { return }
    position += 1
    if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D { position += 1 }
    try skipDigits()
  }

  private mutating func skipDigits() throws(JSONFault) {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    guard position > start else { throw fault(position < bytes.count ? .syntax : .endOfInput) }
  }

  // MARK: - Strings

  mutating func string() throws(JSONFault) -> String {
    guard try peek() == 0x22 else { throw fault(.wrongType) }
    let start = position + 1
    var hasEscapes = false
    try skipString(&hasEscapes)
    let content = bytes[start..<position - 1]
    return hasEscapes ? Self.unescaped(content) : String(decoding: content, as: UTF8.self)
  }

  private mutating func skipString() throws(JSONFault) {
    var hasEscapes = false
    try skipString(&hasEscapes)
  }

  private mutating func skipString(_ hasEscapes: inout Bool) throws(JSONFault) {
    position += 1
    while position < bytes.count {
      switch bytes[position] {
      case 0x22:
        position += 1
        return
      case 0x5C:
        hasEscapes = true
        try skipEscape()
      case 0..<0x20: throw fault(.syntax)
      default: position += 1
      }
    }
    throw fault(.endOfInput)
  }

  private mutating func skipEscape() throws(JSONFault) {
    position += 1
    guard position < bytes.count else { throw fault(.endOfInput) }
    switch bytes[position] {
    case 0x22, 0x2F, 0x5C, 0x62, 0x66, 0x6E, 0x72, 0x74: position += 1
    case 0x75:
      for _ in 0..<4 {
        position += 1
        guard position < bytes.count else { throw fault(.endOfInput) }
        guard Self.hexValue(bytes[position]) != nil else { throw fault(.syntax) }
      }
      position += 1
    default: throw fault(.syntax)
    }
  }

  /// The text of a string that `skipString` has checked.
  ///
  /// Lone surrogates become U+FFFD.
  private static func unescaped(_ content: ArraySlice<UInt8>) -> String {
    var units: [UInt16] = []
    var index = content.startIndex
    while index < content.endIndex {
      let next = content[index...].firstIndex(of: 0x5C) ?? content.endIndex
      units.append(contentsOf: String(decoding: content[index..<next], as: UTF8.self).utf16)
      index = next
      guard index < content.endIndex else { break }
      let (unit, length) = escape(content[index...])
      units.append(unit)
      index += length
    }
    return String(decoding: units, as: UTF16.self)
  }

  private static func escape(_ text: ArraySlice<UInt8>) -> (unit: UInt16, length: Int) {
    let start = text.startIndex
    switch text[start + 1] {
    case 0x62: return (0x08, 2)
    case 0x66: return (0x0C, 2)
    case 0x6E: return (0x0A, 2)
    case 0x72: return (0x0D, 2)
    case 0x74: return (0x09, 2)
    case 0x75:
      let digits = text[start + 2..<start + 6]
      return (digits.reduce(0) { $0 << 4 | UInt16(hexValue($1) ?? 0) }, 6)
    case let byte: return (UInt16(byte), 2)
    }
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private func fault(_ kind: JSONFault.Kind) -> JSONFault {
    JSONFault(kind: kind, offset: position)
  }
}
