/// A form whose parts have one plain head line each, taken apart by cutting it at its delimiters.
struct ReferenceForm {
  /// The contents of the parts that are named `model`, in whatever case.
  private(set) var models: [[UInt8]] = []
  /// One of them is named in lower case, as all backends read it.
  private(set) var isModelSpelled = false

  /// - Returns: nil for any form that isn't that plain.
  init?(_ body: [UInt8], _ boundary: [UInt8]) {
    let pieces = Self.split(Array("\r\n".utf8) + body, at: Array("\r\n--".utf8) + boundary)
    guard pieces.count > 1, pieces[0].isEmpty,
      let end = pieces.firstIndex(where: { $0.starts(with: "--".utf8) })
    else { return nil }
    for piece in pieces[1..<end] {
      let lines = Self.split(piece, at: Array("\r\n".utf8))
      // Behind the boundary, the head's one line, the empty line, and the content.
      guard lines.count >= 4, lines[0].isEmpty, lines[2].isEmpty else { return nil }
      let name = Array("Content-Disposition: form-data; name=\"".utf8)
      guard lines[1].starts(with: name), lines[1].count > name.count, lines[1].last == 34 else {
        return nil
      }
      let value = lines[1].dropFirst(name.count).dropLast()
      guard value.allSatisfy({ (97...122).contains($0 | 32) && $0 > 64 }) else { return nil }
      let content = Array(piece.dropFirst(lines[1].count + 6))
      guard content.count <= 512 else { return nil }
      guard String(decoding: value, as: UTF8.self).lowercased() == "model" else { continue }
      models.append(content)
      if value.elementsEqual("model".utf8) { isModelSpelled = true }
    }
  }

  private static func split(_ bytes: [UInt8], at mark: [UInt8]) -> [[UInt8]] {
    var pieces: [[UInt8]] = [[]]
    var rest = bytes[...]
    while let byte = rest.first {
      if rest.starts(with: mark) {
        pieces.append([])
        rest = rest.dropFirst(mark.count)
      } else {
        pieces[pieces.count - 1].append(byte)
        rest = rest.dropFirst()
      }
    }
    return pieces
  }
}
