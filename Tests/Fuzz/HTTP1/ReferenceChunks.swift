/// What a strict recipient makes of a chunked body (RFC 9112 section 7.1), read byte by byte from
/// an array; for bodies below every limit of extensions and trailers.
struct ReferenceChunks {
  enum Verdict: Equatable { case incomplete, refused, complete }

  /// Bytes up to which no limit can be met.
  static let sizeLimit = 16_000

  private(set) var payload: [UInt8] = []
  private(set) var verdict = Verdict.incomplete
  /// Bytes of the body, once it is complete.
  var length: Int { index }

  private let bytes: [UInt8]
  private var index = 0

  private enum Stop: Error { case ended, broken }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    do {
      while try chunk() {}
      while try trailer() {}
      verdict = .complete
    } catch {
      if case Stop.broken = error { verdict = .refused }
    }
  }

  private func peek() throws -> UInt8 {
    guard index < bytes.count else { throw Stop.ended }
    return bytes[index]
  }

  private mutating func lineEnd() throws {
    for expected in [UInt8(13), 10] {
      guard try peek() == expected else { throw Stop.broken }
      index += 1
    }
  }

  /// - Returns: false for the last one.
  private mutating func chunk() throws -> Bool {
    var digits = ""
    while let digit = try Character(UnicodeScalar(peek())).hexDigitValue, try peek() < 128 {
      guard digits.utf8.count < 16 else { throw Stop.broken }
      digits += String(digit, radix: 16)
      index += 1
    }
    guard let size = Int(digits, radix: 16) else { throw Stop.broken }
    if try peek() != 13 {
      while [32, 9].contains(try peek()) { index += 1 }
      guard try peek() == 59 else { throw Stop.broken }
      while !ReferenceLines.isControl(try peek()) { index += 1 }
    }
    try lineEnd()
    guard size > 0 else { return false }
    let part = bytes[index...].prefix(size)
    payload += part
    index += part.count
    if part.count < size { throw Stop.ended }
    try lineEnd()
    return true
  }

  /// - Returns: false for the empty line.
  private mutating func trailer() throws -> Bool {
    guard try peek() != 13 else {
      try lineEnd()
      return false
    }
    let start = index
    while ReferenceLines.isToken(try peek()) { index += 1 }
    guard try peek() == 58, index > start else { throw Stop.broken }
    while !ReferenceLines.isControl(try peek()) { index += 1 }
    try lineEnd()
    return true
  }
}
