/// Something that a user may want to know before the router serves, or when it doesn't.
struct Finding: Equatable, Encodable {
  /// How much it matters.
  enum Level: String, Encodable, Comparable, CaseIterable {
    case fine
    /// Worth seeing to; it serves all the same.
    case warning
    /// It doesn't serve as it is configured.
    case error

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
  }

  /// What was looked at, in one word.
  let subject: String
  let level: Level
  /// What is there.
  let text: String
  /// What to do about it; nil for what is fine.
  var advice: String?

  static func fine(_ subject: String, _ text: String) -> Finding {
    Finding(subject: subject, level: .fine, text: text)
  }

  static func warning(_ subject: String, _ text: String, _ advice: String) -> Finding {
    Finding(subject: subject, level: .warning, text: text, advice: advice)
  }

  static func error(_ subject: String, _ text: String, _ advice: String) -> Finding {
    Finding(subject: subject, level: .error, text: text, advice: advice)
  }

  /// A line, and one for what to do.
  var rendered: String {
    let lines = text.split(separator: "\n").map { Terminal.escaped(String($0)) }
    let head = "\(level == .fine ? "ok" : level.rawValue)".padded(to: 8) + subject.padded(to: 15)
    let indent = "\n" + "".padded(to: 23)
    return head + lines.joined(separator: indent)
      + (advice.map { indent + "try: " + $0 } ?? "") + "\n"
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
