/// A form as the most lenient of readers may see it: quotes, escapes, folded lines, blanks, case
/// and RFC 2231's stars don't keep them from taking a part for the model.
struct LenientForm {
  /// The contents of all parts that somebody may take for the model.
  private(set) var models: [[UInt8]] = []

  init(_ body: [UInt8], _ boundary: [UInt8]) {
    let mark = Array("\r\n--".utf8) + boundary
    var rest = (Array("\r\n".utf8) + body)[...]
    var isFirst = true
    while !rest.isEmpty {
      let end = Self.first(mark, in: rest) ?? rest.endIndex
      let part = Array(rest[..<end])
      rest = rest[end...].dropFirst(mark.count)
      if !isFirst { read(part) }
      isFirst = false
      if rest.starts(with: "--".utf8) { return }
    }
  }

  private mutating func read(_ part: [UInt8]) {
    // Behind the boundary's own line.
    guard let start = Self.first(Array("\r\n".utf8), in: part[...]) else { return }
    let end = Self.first(Array("\r\n\r\n".utf8), in: part[start...])
    guard let end else { return }
    let head = part[start..<end].map { (65...90).contains($0) ? $0 | 32 : $0 }
    let lines = Self.unfolded(head).split(separator: 10)
    let names = lines.contains { line in
      line.starts(with: "content-disposition:".utf8) && Self.namesModel(Array(line))
    }
    if names { models.append(Array(part[(end + 4)...])) }
  }

  /// Lines of which those that go on are made one, without blanks beside what parts their words,
  /// and without the escape that a value begins with.
  private static func unfolded(_ head: [UInt8]) -> [UInt8] {
    let separators = Array(":;=*".utf8)
    var result: [UInt8] = []
    var isBlank = false
    for byte in head where byte != 13 {
      if byte == 32 || byte == 9 {
        if result.last == 10 { result.removeLast() }
        isBlank = true
        continue
      }
      let last = result.last ?? 10
      if isBlank, !separators.contains(last), !separators.contains(byte) { result.append(32) }
      isBlank = false
      if byte != 92 || last != 61 && last != 34 { result.append(byte) }
    }
    return result
  }

  /// Whether `;name=model` is there, with or without quotes or a star.
  private static func namesModel(_ line: [UInt8]) -> Bool {
    for start in line.indices {
      var rest = line[start...]
      guard rest.starts(with: ";name".utf8) else { continue }
      rest = rest.dropFirst(5)
      if rest.first == 42 {
        guard let quote = rest.lastIndex(of: 39) else { continue }
        rest = rest[(quote + 1)...]
      } else {
        guard rest.first == 61 else { continue }
        rest = rest.dropFirst()
      }
      if rest.first == 34 { rest = rest.dropFirst() }
      guard rest.starts(with: "model".utf8) else { continue }
      let next = rest.dropFirst(5).first
      if next == nil || next == 34 || next == 59 { return true }
    }
    return false
  }

  private static func first(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= needle.count else { return nil }
    return bytes.indices.dropLast(needle.count - 1).first {
      bytes[$0...].starts(with: needle)
    }
  }
}
