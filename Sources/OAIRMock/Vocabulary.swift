/// The words that a fake model says, over and over.
enum Vocabulary {
  private static let words = [
    "The", " quick", " brown", " fox", " jumps", " over", " the", " lazy", " dog", ",", " \"and\"",
    " na\u{EF}ve", " caf\u{E9}s", " \u{1F98A}", "\n", "again",
  ]

  /// Each word as a JSON string, quotes included.
  private static let encoded = words.map { word in
    var escaped = "\""
    for character in word {
      switch character {
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.append(character)
      }
    }
    return Array((escaped + "\"").utf8)
  }

  /// The token at a position, from 0, as a JSON string.
  static func encodedToken(_ index: Int) -> [UInt8] { encoded[index % encoded.count] }

  /// A moment as a JSON string: `@ts` and 19 digits.
  ///
  /// - Parameter time: nanoseconds of the machine's clock.
  static func stamp(_ time: UInt64) -> [UInt8] {
    let digits = String(time)
    return Array("\"@ts\(String(repeating: "0", count: max(19 - digits.count, 0)))\(digits)\"".utf8)
  }

  /// The first `count` tokens as one text.
  static func text(_ count: Int) -> String {
    var text = ""
    for index in 0..<count { text += words[index % words.count] }
    return text
  }
}
