/// A head cut into lines by the slowest code that can do it: arrays, no offsets to get wrong, and
/// nothing of the parsers'.
struct ReferenceLines {
  /// Empty lines before the first one; more than two are refused.
  static let emptyLines = 2

  var first: [UInt8] = []
  var fields: [(name: [UInt8], value: [UInt8])] = []
  /// Its last empty line included.
  var length = 0
  /// Some line breaks the grammar of RFC 9112 sections 2.2 and 5.
  var isBroken = false

  /// Cuts a head.
  ///
  /// - Parameter skipsEmptyLines: as a server does before a request line.
  /// - Returns: nil while the empty line that ends it isn't there.
  init?(_ bytes: [UInt8], skipsEmptyLines: Bool) {
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    var skipped = 0
    var index = 0
    while true {
      guard index + 1 < bytes.count else { return nil }
      guard bytes[index] == 13, bytes[index + 1] == 10 else {
        line.append(bytes[index])
        index += 1
        continue
      }
      index += 2
      if line.isEmpty, lines.isEmpty, skipsEmptyLines, skipped < Self.emptyLines {
        skipped += 1
      } else if line.isEmpty {
        break
      } else {
        lines.append(line)
        line = []
      }
    }
    length = index
    first = lines.first ?? []
    isBroken = lines.isEmpty || lines.count > 101
    for line in lines.dropFirst() { take(line) }
  }

  private mutating func take(_ line: [UInt8]) {
    guard let colon = line.firstIndex(of: 58) else {
      isBroken = true
      return
    }
    let name = Array(line[..<colon])
    let value = Self.trimmed(line[(colon + 1)...])
    if name.isEmpty || !name.allSatisfy(Self.isToken) { isBroken = true }
    if line.contains(where: Self.isControl) { isBroken = true }
    fields.append((name: name, value: value))
  }

  /// The values of all fields of a name, which is given in lower case.
  func values(_ name: String) -> [[UInt8]] {
    fields.filter { Self.text($0.name) == name }.map(\.value)
  }

  static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = bytes
    while let first = bytes.first, first == 32 || first == 9 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last == 32 || last == 9 { bytes = bytes.dropLast() }
    return Array(bytes)
  }

  /// In lower case, as far as it is ASCII.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
  }

  static func isControl(_ byte: UInt8) -> Bool { byte < 32 && byte != 9 || byte == 127 }

  static func isToken(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}
