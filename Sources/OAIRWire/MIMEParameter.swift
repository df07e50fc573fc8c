/// One parameter of a field's value, such as `boundary` or `name` (RFC 2045 section 5.1).
///
/// Parsers differ in quotes and escapes, in blanks, in which of several they take, and in whether
/// they know RFC 2231's `name*`. What they could read differently isn't read at all: the parameter
/// may be mentioned once, wherever that is, and has to be written plainly there.
enum MIMEParameter: Equatable {
  /// It isn't mentioned.
  case none
  /// Where its value is, without quotes.
  case value(Range<Int>)
  /// It is mentioned in a way, or so often, that not everybody reads the same.
  case ambiguous

  /// - Parameters:
  ///   - name: in lower case.
  ///   - isAnyMention: whether it counts as mentioned also where it ends a longer name.
  static func find(
    _ name: StaticString,
    in field: UnsafeRawBufferPointer,
    isAnyMention: Bool = false
  ) -> MIMEParameter {
    var mention: Int?
    for index in field.indices {
      guard let end = MIMEText.mention(of: name, in: field, at: index) else { continue }
      guard isAnyMention || isBehindSemicolon(field, index) else { continue }
      // Behind the name an `=`, and nothing else, not even a blank.
      guard mention == nil, field[end] == UInt8(ascii: "=") else { return .ambiguous }
      guard end == index + name.utf8CodeUnitCount else { return .ambiguous }
      mention = index
    }
    guard let mention else { return .none }
    guard beginsParameter(field, mention) else { return .ambiguous }
    return value(field, from: mention + name.utf8CodeUnitCount + 1)
  }

  private static func isBehindSemicolon(_ field: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    var index = start
    while index > 0, MIMEText.isBlank(field[index - 1]) { index -= 1 }
    return index > 0 && field[index - 1] == UInt8(ascii: ";")
  }

  /// Whether a parameter begins there to everybody: no quoted string is open, whatever quotes and
  /// backslashes mean.
  private static func beginsParameter(_ field: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    guard isBehindSemicolon(field, start) else { return false }
    let before = field[..<start]
    return !before.contains(Byte.backslash) && before.count { $0 == Byte.quote } % 2 == 0
  }

  private static func value(_ field: UnsafeRawBufferPointer, from start: Int) -> MIMEParameter {
    let end = field[start...].firstIndex(of: UInt8(ascii: ";")) ?? field.count
    var last = end
    while last > start, MIMEText.isBlank(field[last - 1]) { last -= 1 }
    guard start < last, field[start] == Byte.quote else { return plain(field, start..<last) }
    guard last - start >= 2, field[last - 1] == Byte.quote else { return .ambiguous }
    let inside = (start + 1)..<(last - 1)
    let isOdd = field[inside].contains { $0 == Byte.quote || $0 == Byte.backslash }
    return isOdd ? .ambiguous : .value(inside)
  }

  private static func plain(
    _ field: UnsafeRawBufferPointer,
    _ range: Range<Int>
  ) -> MIMEParameter {
    let isOdd = field[range].contains { byte in
      MIMEText.isBlank(byte) || "\"\\<>".utf8.contains(byte)
    }
    return isOdd ? .ambiguous : .value(range)
  }
}

/// What fields and their parameters are made of.
enum MIMEText {
  static func isBlank(_ byte: UInt8) -> Bool { byte == Byte.space || byte == Byte.tab }

  /// Whether a range says `text`, in whatever case; `text` is in lower case.
  static func equals(
    _ text: StaticString,
    in bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>
  ) -> Bool {
    range.count == text.utf8CodeUnitCount && has(text, in: bytes, at: range.lowerBound)
  }

  static func has(_ text: StaticString, in bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
    guard bytes.count - start >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount {
      let byte = bytes[start + index]
      let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      guard (isUpper ? byte | 0x20 : byte) == text.utf8Start[index] else { return false }
    }
    return true
  }

  /// Whether `text` stands there and, perhaps behind blanks, an `=` or a `*`: where that is.
  static func mention(
    of text: StaticString,
    in bytes: UnsafeRawBufferPointer,
    at start: Int
  ) -> Int? {
    guard has(text, in: bytes, at: start) else { return nil }
    var end = start + text.utf8CodeUnitCount
    while end < bytes.count, isBlank(bytes[end]) { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "=") || bytes[end] == UInt8(ascii: "*")
    else { return nil }
    return end
  }
}
