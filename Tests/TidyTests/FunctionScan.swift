/// A function, initialiser, deinitialiser, subscript or computed property with a body.
struct FunctionSpan: Equatable {
  let name: String
  /// One-based number of the line that holds the declaration's keyword.
  let firstLine: Int
  /// One-based number of the line that holds the closing brace.
  let lastLine: Int

  var length: Int { lastLine - firstLine + 1 }
}

/// Finds the bodies in masked source: from the keyword over the signature to the brace that closes
/// the first brace outside parentheses.
struct FunctionScan {
  private let bytes: [UInt8]
  private let lineStarts: [Int]

  init(_ mask: SwiftMask) {
    bytes = mask.bytes
    var starts = [0]
    for (index, byte) in bytes.enumerated() where byte == Ascii.newline { starts.append(index + 1) }
    lineStarts = starts
  }

  /// All bodies in the order of their declarations, nested ones included.
  func spans() -> [FunctionSpan] {
    var spans: [FunctionSpan] = []
    var position = 0
    while let word = nextWord(from: position) {
      position = word.upperBound
      let text = String(decoding: bytes[word], as: UTF8.self)
      guard isDeclaration(text, at: word), let open = bodyStart(after: word, keyword: text),
        let close = closingBrace(of: open)
      else { continue }
      spans.append(
        FunctionSpan(
          name: name(of: text, after: word),
          firstLine: line(of: word.lowerBound),
          lastLine: line(of: close)
        )
      )
    }
    return spans
  }

  private func nextWord(from start: Int) -> Range<Int>? {
    guard let first = bytes[start...].firstIndex(where: Ascii.isWord) else { return nil }
    let end = bytes[first...].firstIndex { !Ascii.isWord($0) } ?? bytes.count
    return first..<end
  }

  /// Whether the word declares something with a body; `init(` and `subscript[` may also be calls:
  /// those follow a dot.
  private func isDeclaration(_ word: String, at range: Range<Int>) -> Bool {
    guard ["func", "init", "deinit", "subscript", "var"].contains(word) else { return false }
    return range.lowerBound == 0 || bytes[range.lowerBound - 1] != UInt8(ascii: ".")
  }

  private func name(of keyword: String, after word: Range<Int>) -> String {
    guard keyword == "func" || keyword == "var" else { return keyword }
    let rest = bytes[word.upperBound...].drop { $0 == Ascii.space }
    let end = rest.firstIndex { $0 == Ascii.space || $0 == Ascii.open || $0 == UInt8(ascii: ":") }
    return String(decoding: rest[..<(end ?? rest.endIndex)], as: UTF8.self)
  }

  /// The offset of the brace that opens the body, or nil where there is none: a protocol's
  /// requirement, a stored property, a call.
  private func bodyStart(after word: Range<Int>, keyword: String) -> Int? {
    var depth = 0
    var position = word.upperBound
    while position < bytes.count {
      switch bytes[position] {
      case Ascii.open, UInt8(ascii: "["): depth += 1
      case Ascii.close, UInt8(ascii: "]"):
        depth -= 1
        if depth < 0 { return nil }
      case UInt8(ascii: "{") where depth == 0: return position
      case UInt8(ascii: "}") where depth == 0: return nil
      case UInt8(ascii: "=") where depth == 0 && keyword == "var": return nil
      case Ascii.newline where depth == 0:
        if !signatureGoesOn(after: position) { return nil }
      default: break
      }
      position += 1
    }
    return nil
  }

  /// Whether the next line with code continues a signature: an opening brace, a `where` clause, an
  /// arrow, effects or a closing parenthesis.
  private func signatureGoesOn(after newline: Int) -> Bool {
    let rest = bytes[newline...].drop { $0 == Ascii.space || $0 == Ascii.newline }
    return ["{", "where ", "->", "throws", "async", ")", ":", "&", ","].contains {
      rest.starts(with: Array($0.utf8))
    }
  }

  private func closingBrace(of open: Int) -> Int? {
    var depth = 0
    for position in open..<bytes.count {
      if bytes[position] == UInt8(ascii: "{") { depth += 1 }
      if bytes[position] == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return position }
      }
    }
    return nil
  }

  /// The one-based line of an offset.
  private func line(of offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }
}
