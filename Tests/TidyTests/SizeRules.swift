/// Bounds on files, functions and lines: what fits a reader's head.
enum SizeRules {
  static let fileLines = 600
  static let functionLines = 70
  static let columns = 100
  static let scriptLines = 80

  /// Stands in or right above a function whose length is one switch over every state and event.
  static let exemption = "// tidy: exhaustive switch"

  static func checkFile(_ file: TextFile, limit: Int = fileLines) -> [Finding] {
    let count = file.lines.count
    guard count > limit else { return [] }
    return [
      Finding(
        path: file.path,
        line: limit + 1,
        what: "\(count) lines, at most \(limit) are allowed",
        instead: "split it by main type, or move one aspect to Type+Aspect.swift"
      )
    ]
  }

  static func checkColumns(_ file: TextFile) -> [Finding] {
    file.lines.enumerated().filter { isWide($0.element) }.map { index, line in
      Finding(
        path: file.path,
        line: index + 1,
        what: "\(line.count) columns, at most \(columns) are allowed",
        instead: "break the line, or say it shorter"
      )
    }
  }

  /// Counts characters only where there are more bytes than columns: few lines have.
  private static func isWide(_ line: Substring) -> Bool {
    line.utf8.count > columns && line.count > columns
  }

  static func checkFunctions(_ file: TextFile) -> [Finding] {
    let mask = SwiftMask(file.text)
    let lines = file.lines
    let code = mask.lines
    var used: Set<Int> = []
    var findings: [Finding] = []
    for span in FunctionScan(mask).spans() where span.length > functionLines {
      let marker = marker(of: span, in: lines)
      let hasSwitch = code[(span.firstLine - 1)..<span.lastLine].contains { hasWord("switch", $0) }
      if let marker, hasSwitch {
        used.insert(marker)
        continue
      }
      findings.append(
        Finding(
          path: file.path,
          line: span.firstLine,
          what: "'\(span.name)' has \(span.length) lines, at most \(functionLines) are allowed",
          instead: "give each step a function of its own"
        )
      )
    }
    for (index, line) in lines.enumerated() where isMarker(line) && !used.contains(index) {
      findings.append(
        Finding(
          path: file.path,
          line: index + 1,
          what: "the exemption exempts nothing",
          instead: "delete it: it is for functions over \(functionLines) lines that are a switch"
        )
      )
    }
    return findings
  }

  /// The index of the line with the exemption: inside the function or in the comments and
  /// attributes right above it.
  private static func marker(of span: FunctionSpan, in lines: [Substring]) -> Int? {
    var first = span.firstLine - 1
    while first > 0 {
      let above = lines[first - 1].drop { $0 == " " }
      guard above.hasPrefix("//") || above.hasPrefix("@") else { break }
      first -= 1
    }
    return (first..<span.lastLine).first { isMarker(lines[$0]) }
  }

  private static func isMarker(_ line: Substring) -> Bool {
    line.drop { $0 == " " }.hasPrefix(exemption)
  }
}

/// Whether a line of masked code holds the word, not as part of a longer one.
func hasWord(_ word: String, _ line: some StringProtocol) -> Bool {
  let bytes = Array(line.utf8)
  let wanted = Array(word.utf8)
  guard bytes.count >= wanted.count, let first = wanted.first, let last = wanted.last else {
    return false
  }
  return (0...(bytes.count - wanted.count)).contains { start in
    let end = start + wanted.count
    guard bytes[start..<end].elementsEqual(wanted) else { return false }
    let startsWord = start == 0 || !Ascii.isWord(first) || !Ascii.isWord(bytes[start - 1])
    let endsWord = end == bytes.count || !Ascii.isWord(last) || !Ascii.isWord(bytes[end])
    return startsWord && endsWord
  }
}
