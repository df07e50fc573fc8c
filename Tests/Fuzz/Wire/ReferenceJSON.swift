/// A JSON text, read by the letter of RFC 8259 from an array, with nothing of the scan's: what its
/// top-level `model` and `stream` are, or where it breaks.
///
/// As the scan does, it leaves the contents of strings alone.
struct ReferenceJSON {
  /// The first byte that can't stand where it is; the text's length if it ends too early.
  private(set) var brokenAt: Int?
  /// Where a text begins that is no object.
  private(set) var otherValueAt: Int?
  /// Where a top-level `model` begins that is no string.
  private(set) var otherModelAt: Int?
  /// The decoded values of all top-level `model`s before a fault, in whatever case it is written:
  /// what any of them says may be what a backend reads.
  private(set) var models: [[UInt8]] = []
  /// One of them is written in lower case, as all backends read it.
  private(set) var isModelSpelled = false
  private(set) var stream: Bool?
  /// A model or a key has what only a full decoder can judge, or brackets are too deep.
  private(set) var isBeyondJudgement = false

  private enum Stop: Error { case broken(Int), done }

  private let text: [UInt8]
  private var index = 0
  private var depth = 0

  init(_ text: [UInt8]) {
    self.text = text
    do {
      try skipSpace()
      if "[\"-0123456789tfn".utf8.contains(try peek()) {
        otherValueAt = index
        return
      }
      guard try peek() == 123 else { throw Stop.broken(index) }
      try value()
      while index < text.count {
        guard isSpace(text[index]) else { throw Stop.broken(index) }
        index += 1
      }
    } catch {
      if case Stop.broken(let offset) = error { brokenAt = offset }
    }
  }

  private func peek() throws -> UInt8 {
    guard index < text.count else { throw Stop.broken(text.count) }
    return text[index]
  }

  private func isSpace(_ byte: UInt8) -> Bool { " \t\r\n".utf8.contains(byte) }

  private mutating func skipSpace() throws {
    while isSpace(try peek()) { index += 1 }
  }

  private mutating func expect(_ bytes: String) throws {
    for byte in bytes.utf8 {
      guard try peek() == byte else { throw Stop.broken(index) }
      index += 1
    }
  }

  private mutating func value() throws {
    switch try peek() {
    case 123: try container(isObject: true)
    case 91: try container(isObject: false)
    case 34: _ = try string()
    case 116: try expect("true")
    case 102: try expect("false")
    case 110: try expect("null")
    default: try number()
    }
  }

  private mutating func container(isObject: Bool) throws {
    depth += 1
    if depth > 500 {
      isBeyondJudgement = true
      throw Stop.done
    }
    let close = UInt8(isObject ? 125 : 93)
    index += 1
    try skipSpace()
    if try peek() == close {
      index += 1
      depth -= 1
      return
    }
    while true {
      try skipSpace()
      if isObject { try member() } else { try value() }
      try skipSpace()
      if try peek() == close { break }
      try expect(",")
    }
    index += 1
    depth -= 1
  }

  private mutating func member() throws {
    guard try peek() == 34 else { throw Stop.broken(index) }
    let key = decoded(try string())
    try skipSpace()
    try expect(":")
    try skipSpace()
    guard depth == 1 else { return try value() }
    if let key, String(decoding: key, as: UTF8.self).lowercased() == "model" {
      try model()
      if key == Array("model".utf8) { isModelSpelled = true }
    } else if key == Array("stream".utf8) {
      stream = nil
      let start = index
      try value()
      let literal = text[start..<index]
      if literal.elementsEqual("true".utf8) { stream = true }
      if literal.elementsEqual("false".utf8) { stream = false }
    } else {
      try value()
    }
  }

  private mutating func model() throws {
    guard try peek() == 34 else {
      guard "{[-0123456789tfn".utf8.contains(try peek()) else { throw Stop.broken(index) }
      otherModelAt = index
      throw Stop.done
    }
    models.append(decoded(try string()) ?? [])
    // The scan stops at a second name that differs, or at one that is too long.
    if Set(models).count > 1 || models.contains(where: { $0.count > 512 }) { throw Stop.done }
  }

  /// What stands between the quotes.
  private mutating func string() throws -> ArraySlice<UInt8> {
    index += 1
    let start = index
    while try peek() != 34 {
      if try peek() == 92 { index += 1 }
      _ = try peek()
      index += 1
    }
    index += 1
    return text[start..<(index - 1)]
  }

  private mutating func number() throws {
    if try peek() == 45 { index += 1 }
    if try peek() == 48 { index += 1 } else { try digits() }
    if index < text.count, text[index] == 46 {
      index += 1
      try digits()
    }
    guard index < text.count, text[index] | 32 == 101 else { return }
    index += 1
    if [43, 45].contains(try peek()) { index += 1 }
    try digits()
  }

  private mutating func digits() throws {
    guard (48...57).contains(try peek()) else { throw Stop.broken(index) }
    while index < text.count, (48...57).contains(text[index]) { index += 1 }
  }

  /// The text of a string of plain ASCII and its escapes; nil, and no judgement, for others.
  private mutating func decoded(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
    guard depth == 1 else { return nil }
    var result: [UInt8] = []
    var rest = raw
    while let byte = rest.popFirst() {
      guard byte == 92 else {
        if byte < 32 || byte > 126 { isBeyondJudgement = true }
        result.append(byte)
        continue
      }
      let plain = Array("\"\\/\u{8}\u{c}\n\r\t".utf8)
      guard let escape = rest.popFirst() else { return nil }
      if let which = Array("\"\\/bfnrt".utf8).firstIndex(of: escape) {
        result.append(plain[which])
      } else if escape == 117, let unit = UInt8(hex: rest.prefix(4)), unit < 127 {
        result.append(unit)
        rest = rest.dropFirst(4)
      } else {
        isBeyondJudgement = true
        return nil
      }
    }
    return result
  }
}

extension UInt8 {
  /// Four digits that say less than 256.
  fileprivate init?(hex digits: ArraySlice<UInt8>) {
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == 4, digits.allSatisfy({ $0 > 47 && $0 < 103 }) else { return nil }
    self.init(text, radix: 16)
  }
}
