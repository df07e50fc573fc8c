import OAIRRouting

// How configuration takes values out of a document: each says what it wants, and what is there
// instead is told with its place.

extension DocumentNode {
  /// True for nothing and for `null`.
  package var isNull: Bool {
    if case .null = content { true } else { false }
  }

  /// The members of a map, by key.
  ///
  /// - Parameters:
  ///   - keys: the keys that there are; another one is an error that names the nearest of them.
  ///   - what: what the map describes, for texts: "a backend".
  /// - Throws: `DocumentError` when it's no map, or has a key that there isn't.
  package func members(
    _ keys: [String],
    of what: String
  ) throws(DocumentError) -> [String: DocumentNode] {
    guard case .map(let members) = content else {
      let names = keys.joined(separator: ", ")
      throw DocumentError("\(what) is a map of \(names); \(foundKind)", at: mark)
    }
    var values: [String: DocumentNode] = [:]
    for member in members {
      guard keys.contains(member.key) else {
        throw DocumentError(
          "\(what) has no key \(quoted(member.key))\(Self.hint(member.key, keys))",
          at: member.mark
        )
      }
      values[member.key] = member.value
    }
    return values
  }

  /// The elements of a list.
  ///
  /// - Parameter what: what the list is, for texts: "models".
  /// - Throws: `DocumentError` when it's no list.
  package func elements(of what: String) throws(DocumentError) -> [DocumentNode] {
    guard case .list(let elements) = content else {
      throw DocumentError("\(what) must be a list; \(foundKind)", at: mark)
    }
    return elements
  }

  /// A text that isn't empty.
  ///
  /// - Throws: `DocumentError` when there is none.
  package func text(_ what: String) throws(DocumentError) -> String {
    guard case .scalar(let text, _) = content, !text.isEmpty else {
      throw DocumentError("\(what) must be a text; \(found)", at: mark)
    }
    return text
  }

  /// A whole number.
  ///
  /// - Parameter range: what it may be.
  /// - Throws: `DocumentError` when it's none, or is out of range.
  package func integer(
    _ what: String,
    in range: ClosedRange<Int>
  ) throws(DocumentError) -> Int {
    guard case .scalar(let text, isPlain: true) = content, let number = Int(text),
      range.contains(number)
    else {
      let bounds = "from \(range.lowerBound) to \(range.upperBound)"
      throw DocumentError("\(what) must be a whole number \(bounds); \(found)", at: mark)
    }
    return number
  }

  /// A duration: a whole number with its unit.
  ///
  /// - Throws: `DocumentError` when it's none, or longer than 10,000 hours.
  package func duration(_ what: String) throws(DocumentError) -> Duration {
    let units = ["us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000]
    guard case .scalar(let text, _) = content else { throw noDuration(what) }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int64(digits), let unit = units[String(text.dropFirst(digits.count))] else {
      throw noDuration(what)
    }
    let (microseconds, isOverflow) = count.multipliedReportingOverflow(by: Int64(unit))
    // LIMIT: 10,000 hours fit every clock that a duration is added to.
    guard !isOverflow, microseconds <= 10_000 * 3_600_000_000 else { throw noDuration(what) }
    return .microseconds(microseconds)
  }

  private func noDuration(_ what: String) -> DocumentError {
    let form = "a whole number with one of the units us, ms, s, m, h, such as 5s"
    return DocumentError("\(what) must be \(form); \(found)", at: mark)
  }

  /// `true` or `false`.
  ///
  /// - Throws: `DocumentError` when it's neither.
  package func boolean(_ what: String) throws(DocumentError) -> Bool {
    guard case .scalar(let text, isPlain: true) = content, let value = Bool(text) else {
      throw DocumentError("\(what) must be true or false; \(found)", at: mark)
    }
    return value
  }

  /// One word of several.
  ///
  /// - Throws: `DocumentError`, with the nearest word, when it's none of them.
  package func word(_ what: String, of words: [String]) throws(DocumentError) -> String {
    guard case .scalar(let text, _) = content, words.contains(text) else {
      var hint = ""
      if case .scalar(let text, _) = content { hint = Self.hint(text, words) }
      let list = words.joined(separator: ", ")
      throw DocumentError("\(what) must be one of \(list); \(found)\(hint)", at: mark)
    }
    return text
  }

  /// What is there instead of what was wanted, for texts.
  package var found: String {
    guard !isHidden, case .scalar(let text, let isPlain) = content else { return foundKind }
    let shown = MaskedText.beginning(text).prefix(64)
    return isPlain ? "here is \(shown)" : "here is the text '\(shown)'"
  }

  /// The same without the text itself: where a map belongs it may be a key that slipped there.
  package var foundKind: String {
    switch content {
    case .null: "here is nothing"
    case .scalar: isHidden ? "here is what a variable holds" : "here is a text"
    case .list: "here is a list"
    case .map: "here is a map"
    }
  }

  /// What stands before an `@` may be the rest of a password, which had a comma.
  private func quoted(_ text: String) -> String {
    guard let at = text.lastIndex(of: "@") else { return "'\(text.prefix(64))'" }
    return "'***\(text[at...].prefix(61))'"
  }

  /// What was meant, most likely: a third of the letters may be wrong, or two have changed places.
  ///
  /// - Returns: what follows a text that says that there is no such word; empty when none is near.
  package static func hint(_ word: String, _ words: [String]) -> String {
    let bound = max(1, word.utf8.count / 3)
    let near: [(distance: Int, word: String)] = words.compactMap { candidate in
      guard let distance = ModelName.distance(word, candidate, bound: max(2, bound)) else {
        return nil
      }
      let isNear = distance <= bound || word.utf8.sorted() == candidate.utf8.sorted()
      return isNear ? (distance, candidate) : nil
    }
    guard let best = near.min(by: { $0.distance < $1.distance }), best.distance < word.utf8.count
    else { return "" }
    return "; did you mean '\(best.word)'?"
  }
}
