/// Links of the documentation that point into this repository.
enum LinkRules {
  /// Checks a Markdown file's relative links: the file has to be there, and the heading, if one is
  /// named.
  ///
  /// - Parameters:
  ///   - documents: all Markdown files, for the headings in them.
  ///   - exists: whether a path relative to the package's root is there.
  static func check(_ file: TextFile, documents: [TextFile], exists: (String) -> Bool) -> [Finding]
  {
    var findings: [Finding] = []
    for (line, target) in links(in: file) where !isElsewhere(target) {
      let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let path = parts[0].isEmpty ? file.path : resolve(String(parts[0]), from: file.path)
      guard let path, exists(path) else {
        findings.append(
          Finding(
            path: file.path,
            line: line,
            what: "'\(target)' is not there",
            instead: "correct the link, relative to the file it stands in"
          )
        )
        continue
      }
      guard parts.count == 2, let document = documents.first(where: { $0.path == path }) else {
        continue
      }
      if !anchors(in: document).contains(String(parts[1])) {
        findings.append(
          Finding(
            path: file.path,
            line: line,
            what: "'\(path)' has no heading '#\(parts[1])'",
            instead: "use the heading's words in lower case, joined by hyphens"
          )
        )
      }
    }
    return findings
  }

  /// The targets of `[text](target)` outside code, with their one-based lines.
  static func links(in file: TextFile) -> [(line: Int, target: String)] {
    var found: [(line: Int, target: String)] = []
    for (index, line) in proseLines(of: file) {
      var rest = line[...]
      while let open = rest.firstRange(of: "](") {
        let after = rest[open.upperBound...]
        guard let close = after.firstIndex(of: ")") else { break }
        let target = after[..<close].split(separator: " ").first.map(String.init) ?? ""
        found.append((index + 1, target))
        rest = after[close...]
      }
    }
    return found
  }

  /// The anchors of a document's headings: lower case, punctuation dropped, blanks to hyphens.
  static func anchors(in file: TextFile) -> Set<String> {
    var anchors: Set<String> = []
    for (_, line) in proseLines(of: file, keepsCodeSpans: true) where line.hasPrefix("#") {
      let title = line.drop { $0 == "#" }.drop { $0 == " " }
      let kept = title.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
      anchors.insert(kept.replacing(" ", with: "-"))
    }
    return anchors
  }

  /// The lines outside code fences, with code spans removed unless they are to be kept.
  private static func proseLines(
    of file: TextFile,
    keepsCodeSpans: Bool = false
  ) -> [(Int, String)] {
    var isCode = false
    var prose: [(Int, String)] = []
    for (index, line) in file.lines.enumerated() {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isCode.toggle()
      } else if !isCode {
        let parts = line.split(separator: "`", omittingEmptySubsequences: false)
        let kept = parts.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        prose.append((index, keepsCodeSpans ? String(line) : kept.joined(separator: "code")))
      }
    }
    return prose
  }

  private static func isElsewhere(_ target: String) -> Bool {
    target.hasPrefix("http://") || target.hasPrefix("https://") || target.hasPrefix("mailto:")
  }

  /// The path relative to the package's root, or nil if it leaves the package.
  static func resolve(_ target: String, from path: String) -> String? {
    var parts = path.split(separator: "/").dropLast().map(String.init)
    for part in target.split(separator: "/") {
      if part == ".." {
        guard parts.popLast() != nil else { return nil }
      } else if part != "." {
        parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }
}
