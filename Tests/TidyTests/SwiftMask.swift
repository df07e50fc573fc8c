/// Swift source with comments, string contents and raw identifiers blanked out, line breaks kept,
/// so that words and braces that are left are code.
///
/// A small lexer, not a compiler: it knows line and nested block comments, strings (plain, raw,
/// multi-line, with interpolations, which count as string) and identifiers in backticks. Regex
/// literals between slashes aren't recognised; this project has none.
struct SwiftMask {
  /// The source's bytes, masked.
  private(set) var bytes: [UInt8]
  private var position = 0

  init(_ source: String) {
    bytes = Array(source.utf8)
    while position < bytes.count { step() }
  }

  /// The masked source, line by line.
  var lines: [String] {
    String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private mutating func step() {
    switch bytes[position] {
    case Ascii.slash where peek(1) == Ascii.slash: blank { $0 != Ascii.newline }
    case Ascii.slash where peek(1) == Ascii.star: blockComment()
    case Ascii.backtick: rawIdentifier()
    case Ascii.quote: string(hashes: 0)
    case Ascii.hash:
      var hashes = 0
      while peek(hashes) == Ascii.hash { hashes += 1 }
      if peek(hashes) == Ascii.quote {
        position += hashes
        string(hashes: hashes)
      } else {
        position += hashes
      }
    default: position += 1
    }
  }

  private func peek(_ distance: Int) -> UInt8? {
    position + distance < bytes.count ? bytes[position + distance] : nil
  }

  /// Blanks one byte, unless it ends a line.
  private mutating func blankOne() {
    if bytes[position] != Ascii.newline { bytes[position] = Ascii.space }
    position += 1
  }

  private mutating func blank(while condition: (UInt8) -> Bool) {
    while position < bytes.count, condition(bytes[position]) { blankOne() }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if peek(0) == Ascii.slash, peek(1) == Ascii.star {
        depth += 1
        blankOne()
      } else if peek(0) == Ascii.star, peek(1) == Ascii.slash {
        depth -= 1
        blankOne()
      }
      blankOne()
    } while depth > 0 && position < bytes.count
  }

  /// Leaves the backticks and an `x` for each byte between them: still one word, as code sees it.
  private mutating func rawIdentifier() {
    position += 1
    while let byte = peek(0), byte != Ascii.backtick, byte != Ascii.newline {
      bytes[position] = Ascii.x
      position += 1
    }
    position += 1
  }

  /// Blanks the contents of the string whose first quote is at `position`; the quotes stay.
  private mutating func string(hashes: Int) {
    let isMultiline = peek(1) == Ascii.quote && peek(2) == Ascii.quote
    let quotes = isMultiline ? 3 : 1
    position += quotes
    while position < bytes.count {
      if isRun(of: Ascii.quote, quotes, at: 0), isRun(of: Ascii.hash, hashes, at: quotes) {
        position += quotes + hashes
        return
      }
      if peek(0) == Ascii.newline, !isMultiline { return }
      if peek(0) == Ascii.backslash, isRun(of: Ascii.hash, hashes, at: 1) {
        for _ in 0...hashes { blankOne() }
        if peek(0) == Ascii.open { interpolation() } else if position < bytes.count { blankOne() }
      } else {
        blankOne()
      }
    }
  }

  /// Blanks the interpolation whose parenthesis is at `position`, with the strings in it.
  private mutating func interpolation() {
    var depth = 0
    repeat {
      switch bytes[position] {
      case Ascii.quote: string(hashes: 0)
      case Ascii.open:
        depth += 1
        blankOne()
      case Ascii.close:
        depth -= 1
        blankOne()
      default: blankOne()
      }
    } while depth > 0 && position < bytes.count
  }

  private func isRun(of byte: UInt8, _ count: Int, at distance: Int) -> Bool {
    (0..<count).allSatisfy { peek(distance + $0) == byte }
  }
}

/// The bytes that lexing and scanning Swift ask for.
enum Ascii {
  static let newline = UInt8(ascii: "\n")
  static let space = UInt8(ascii: " ")
  static let slash = UInt8(ascii: "/")
  static let star = UInt8(ascii: "*")
  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")
  static let backtick = UInt8(ascii: "`")
  static let hash = UInt8(ascii: "#")
  static let open = UInt8(ascii: "(")
  static let close = UInt8(ascii: ")")
  static let x = UInt8(ascii: "x")

  /// Whether the byte can be part of an identifier (any byte of a multi-byte character can).
  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), backtick, 0x80...:
      true
    default: false
    }
  }
}
