/// Reads forward through a JSON text that is there in whole, without allocating.
///
/// It is for looking at what backends send, not for validating it: what can't be read sets
/// `isBroken`, and much that is ill-formed passes. Keys are compared as written, since no engine
/// escapes its own.
struct JSONCursor {
  let bytes: UnsafePointer<UInt8>
  private let end: Int
  private(set) var offset: Int
  /// Something couldn't be read; every further step is a no-op that answers no.
  private(set) var isBroken = false

  init(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) {
    self.bytes = bytes
    self.offset = start
    self.end = end
  }

  /// The next byte that isn't white space; 0 at the end.
  mutating func peek() -> UInt8 {
    while offset < end, Byte.isSpace(bytes[offset]) { offset += 1 }
    return offset < end && !isBroken ? bytes[offset] : 0
  }

  /// Whether only white space is left.
  mutating func isAtEnd() -> Bool {
    peek() == 0 && offset == end && !isBroken
  }

  /// Steps into an object or array; false (and broken) if `open` isn't next.
  mutating func enter(_ open: UInt8) -> Bool {
    guard peek() == open else { return fail() }
    offset += 1
    return true
  }

  /// The next key of the object that was entered, raw; nil behind its last member.
  mutating func nextKey() -> Range<Int>? {
    if peek() == Byte.comma { offset += 1 }
    if peek() == Byte.closeBrace {
      offset += 1
      return nil
    }
    guard let key = string() else { return nil }
    guard peek() == Byte.colon else {
      _ = fail()
      return nil
    }
    offset += 1
    return key
  }

  /// Whether the array that was entered has a further element.
  mutating func nextElement() -> Bool {
    if peek() == Byte.comma { offset += 1 }
    if peek() == Byte.closeBracket {
      offset += 1
      return false
    }
    return peek() == 0 ? fail() : true
  }

  /// A string's inside, raw; nil (and broken) if none is next.
  mutating func string() -> Range<Int>? {
    guard peek() == Byte.quote else {
      _ = fail()
      return nil
    }
    let start = offset + 1
    var quote = bytes.offset(of: Byte.quote, from: start, to: end)
    while quote < end {
      var run = quote
      while run > start, bytes[run - 1] == Byte.backslash { run -= 1 }
      if (quote - run) & 1 == 0 {
        offset = quote + 1
        return start..<quote
      }
      quote = bytes.offset(of: Byte.quote, from: quote + 1, to: end)
    }
    _ = fail()
    return nil
  }

  /// Steps over a value.
  ///
  /// Returns whether it says nothing: null, `""`, `[]` or `{}`.
  mutating func skipIsEmpty() -> Bool {
    switch peek() {
    case Byte.quote:
      return string()?.isEmpty ?? false
    case Byte.openBrace, Byte.openBracket:
      return skipContainer()
    case 0, Byte.comma, Byte.colon, Byte.closeBrace, Byte.closeBracket:
      return fail()
    default:
      let start = offset
      while offset < end, !Self.endsWord(bytes[offset]) { offset += 1 }
      return bytes.equals("null", in: start..<offset)
    }
  }

  /// Steps over a value.
  mutating func skip() {
    _ = skipIsEmpty()
  }

  /// Steps over a value; returns whether it is `true`.
  mutating func skipIsTrue() -> Bool {
    _ = peek()
    let start = offset
    skip()
    return !isBroken && bytes.equals("true", in: start..<offset)
  }

  /// Steps over a value; returns it if it is a whole number that isn't negative.
  mutating func integer() -> Int? {
    guard Byte.isDigit(peek()) else {
      skip()
      return nil
    }
    var value = 0
    let start = offset
    skip()
    guard offset - start <= 18 else { return nil }  // more could overflow
    for index in start..<offset {
      guard Byte.isDigit(bytes[index]) else { return nil }
      value = value * 10 + Int(bytes[index] - Byte.zero)
    }
    return value
  }

  private mutating func skipContainer() -> Bool {
    var depth = 0
    var isEmpty = true
    while true {
      switch peek() {
      case Byte.openBrace, Byte.openBracket:
        if depth > 0 { isEmpty = false }
        depth += 1
        offset += 1
      case Byte.closeBrace, Byte.closeBracket:
        depth -= 1
        offset += 1
        if depth == 0 { return isEmpty }
      case Byte.quote:
        isEmpty = false
        guard string() != nil else { return false }
      case 0:
        return fail()
      default:
        isEmpty = false
        offset += 1
      }
    }
  }

  private static func endsWord(_ byte: UInt8) -> Bool {
    byte == Byte.comma || byte == Byte.closeBrace || byte == Byte.closeBracket
      || Byte.isSpace(byte)
  }

  private mutating func fail() -> Bool {
    isBroken = true
    return false
  }
}
