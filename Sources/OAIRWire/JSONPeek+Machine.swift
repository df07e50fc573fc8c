// The steps of JSONPeek's machine over structure: brackets, commas, colons, literals, numbers.

extension JSONPeek {
  enum Literal: UInt8 {
    case null, yes, no

    var text: StaticString {
      switch self {
      case .null: "null"
      case .yes: "true"
      case .no: "false"
      }
    }
  }

  /// Runs the machine from `position` to `count`, or to the first error.
  mutating func run(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
    var offset = position
    var phase = phase
    loop: while offset < count {
      switch phase {
      case .objectStart, .key, .colon, .value, .arrayStart, .afterValue:
        (offset, phase) = scanStructure(bytes, offset, count, phase)
      case .keyString, .valueString, .modelString, .untrackedString, .longKeyString:
        (offset, phase) = scanString(bytes, offset, count, phase)
      case .literal:
        (offset, phase) = scanLiteral(bytes, offset, count)
      case .untracked:
        (offset, phase) = scanUntracked(bytes, offset, count)
      case .numberMinus, .numberZero, .numberInteger, .numberPoint, .numberFraction,
        .numberExponent, .numberSign, .numberExponentDigits:
        (offset, phase) = scanNumber(bytes, offset, count, phase)
      case .start, .end:
        let byte = bytes[offset]
        if !Byte.isSpace(byte) { phase = outerPhase(after: phase, byte, at: offset) }
        offset &+= 1
      case .failed:
        break loop
      }
    }
    position = offset
    self.phase = phase
  }

  /// The phase after a byte outside the top-level value, white space apart.
  private mutating func outerPhase(
    after phase: Phase,
    _ byte: UInt8,
    at offset: Int
  ) -> Phase {
    // `.end`: something follows the top-level value.
    guard phase == .start else { return refuse(offset) }
    if byte == Byte.openBrace { return open(isObject: true) }
    return Byte.beginsValue(byte) ? fail(.notAnObject(offset: offset)) : refuse(offset)
  }

  /// Steps over brackets, commas and colons, and over strings that are there in whole; ends where
  /// another kind of step must go on.
  ///
  /// Offset, phase and the bracket that may close the innermost level live in registers here: kept
  /// in `self`, each step would wait for the store before it.
  private mutating func scanStructure(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int,
    _ phase: Phase
  ) -> (Int, Phase) {
    var offset = start
    var phase = phase
    var closer = brackets.closer
    while offset < count, phase.isStructure {
      let byte = bytes[offset]
      if Byte.isSpace(byte) {
        offset &+= 1
      } else if byte != Byte.quote {
        phase = structurePhase(after: phase, byte, at: offset, &closer)
        offset &+= 1
      } else if phase == .key || phase == .objectStart {
        (offset, phase) = beginKey(bytes, offset &+ 1, count)
      } else if phase == .value || phase == .arrayStart {
        (offset, phase) = beginString(bytes, offset &+ 1, count, closer)
      } else {
        return (offset, refuse(offset))
      }
    }
    return (offset, phase)
  }

  /// Reads a key, and the colon and the space that nearly always follow it.
  @inline(__always)
  private mutating func beginKey(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int
  ) -> (Int, Phase) {
    let quote = bytes.nearQuote(from: start, to: count)
    guard quote >= 0 else { return beginLongString(bytes, start, count, .keyString) }
    if brackets.depth == 1 { member = Self.member(named: bytes, start, quote) }
    let end = quote &+ 1
    guard end &+ 1 < count, bytes[end] == Byte.colon else { return (end, .colon) }
    return (bytes[end &+ 1] == Byte.space ? end &+ 2 : end &+ 1, .value)
  }

  /// Reads a value that is a string, and the comma and the space that often follow it.
  @inline(__always)
  private mutating func beginString(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int,
    _ closer: UInt8
  ) -> (Int, Phase) {
    if member != .other, brackets.depth == 1 { return beginMember(bytes, start, count) }
    let quote = bytes.nearQuote(from: start, to: count)
    guard quote >= 0 else { return beginLongString(bytes, start, count, .valueString) }
    let end = quote &+ 1
    guard end &+ 1 < count, bytes[end] == Byte.comma else { return (end, .afterValue) }
    let next = bytes[end &+ 1] == Byte.space ? end &+ 2 : end &+ 1
    return (next, closer == Byte.closeBrace ? .key : .value)
  }

  /// Reads the string that one of the members that matter has as its value.
  private mutating func beginMember(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int
  ) -> (Int, Phase) {
    guard member.namesModel else {
      forgetMember()
      return beginLongString(bytes, start, count, .valueString)
    }
    let quote = bytes.nearQuote(from: start, to: count)
    guard quote >= 0 else { return beginLongString(bytes, start, count, .modelString) }
    return (quote &+ 1, takeModel(bytes, start..<quote))
  }

  /// A member comes again, or for the first time: of several the last one counts.
  private mutating func forgetMember() {
    if member == .stream { stream = nil }
    if member == .previousResponse { previousResponseRange = nil }
  }

  private mutating func beginLongString(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int,
    _ kind: Phase
  ) -> (Int, Phase) {
    tokenStart = start
    return scanString(bytes, start, count, kind)
  }

  /// The phase after one structural byte, white space and the quotes of strings apart.
  @inline(__always)
  private mutating func structurePhase(
    after phase: Phase,
    _ byte: UInt8,
    at offset: Int,
    _ closer: inout UInt8
  ) -> Phase {
    switch phase {
    case .colon where byte == Byte.colon:
      return .value
    case .afterValue where byte == Byte.comma:
      return closer == Byte.closeBrace ? .key : .value
    case .afterValue where byte == closer, .objectStart where byte == closer,
      .arrayStart where byte == closer:
      let next = closeLevel()
      closer = brackets.closer
      return next
    case .value, .arrayStart:
      let next = beginValue(byte, at: offset)
      closer = brackets.closer
      return next
    default:
      return refuse(offset)
    }
  }

  /// Begins a value that isn't a string.
  private mutating func beginValue(_ byte: UInt8, at offset: Int) -> Phase {
    if brackets.depth == 1 {
      forgetMember()
      if member.namesModel, Byte.beginsValue(byte) {
        return fail(.modelNotAString(offset: offset))
      }
    }
    switch byte {
    case Byte.openBrace: return open(isObject: true)
    case Byte.openBracket: return open(isObject: false)
    case UInt8(ascii: "t"): return begin(.yes, at: offset)
    case UInt8(ascii: "f"): return begin(.no, at: offset)
    case UInt8(ascii: "n"): return begin(.null, at: offset)
    case Byte.minus: return .numberMinus
    case Byte.zero: return .numberZero
    case UInt8(ascii: "1")...Byte.nine: return .numberInteger
    default: return refuse(offset)
    }
  }

  private mutating func begin(_ literal: Literal, at offset: Int) -> Phase {
    self.literal = literal
    tokenStart = offset
    return .literal
  }

  private mutating func open(isObject: Bool) -> Phase {
    brackets.push(isObject: isObject)
    return !brackets.isTracked ? .untracked : isObject ? .objectStart : .arrayStart
  }

  private mutating func closeLevel() -> Phase {
    brackets.pop()
    return brackets.depth == 0 ? .end : .afterValue
  }

  mutating func fail(_ error: JSONPeekError) -> Phase {
    self.error = error
    return .failed
  }

  mutating func refuse(_ offset: Int) -> Phase {
    fail(.invalidJSON(offset: offset))
  }

  private mutating func scanLiteral(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int
  ) -> (Int, Phase) {
    let text = literal.text
    let end = tokenStart + text.utf8CodeUnitCount
    var offset = start
    while offset < min(end, count) {
      // SAFETY: offset - tokenStart is below the literal's length.
      guard bytes[offset] == text.utf8Start[offset - tokenStart] else {
        return (offset, refuse(offset))
      }
      offset += 1
    }
    guard offset == end else { return (offset, .literal) }
    if member == .stream, brackets.depth == 1, literal != .null { stream = literal == .yes }
    return (offset, .afterValue)
  }

  /// The grammar of RFC 8259 section 6, up to the number's end.
  private mutating func scanNumber(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int,
    _ phase: Phase
  ) -> (Int, Phase) {
    var offset = start
    var phase = phase
    while offset < count {
      let byte = bytes[offset]
      guard let next = Self.numberPhase(after: phase, byte) else {
        switch phase {
        case .numberZero, .numberInteger, .numberFraction, .numberExponentDigits:
          return (offset, .afterValue)  // the byte is looked at again
        default:
          return (offset, refuse(offset))
        }
      }
      phase = next
      offset &+= 1
    }
    return (offset, phase)
  }

  private static func numberPhase(after phase: Phase, _ byte: UInt8) -> Phase? {
    if Byte.isDigit(byte) {
      switch phase {
      case .numberMinus: return byte == Byte.zero ? .numberZero : .numberInteger
      case .numberInteger: return .numberInteger
      case .numberPoint, .numberFraction: return .numberFraction
      case .numberExponent, .numberSign, .numberExponentDigits: return .numberExponentDigits
      default: return nil
      }
    }
    switch byte {
    case Byte.point:
      return phase == .numberZero || phase == .numberInteger ? .numberPoint : nil
    case UInt8(ascii: "e"), UInt8(ascii: "E"):
      return phase == .numberZero || phase == .numberInteger || phase == .numberFraction
        ? .numberExponent : nil
    case Byte.plus, Byte.minus:
      return phase == .numberExponent ? .numberSign : nil
    default:
      return nil
    }
  }

  private mutating func scanUntracked(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int
  ) -> (Int, Phase) {
    var offset = start
    while offset < count {
      let byte = bytes[offset]
      offset &+= 1
      switch byte {
      case Byte.quote:
        tokenStart = offset
        return (offset, .untrackedString)
      case Byte.openBrace, Byte.openBracket:
        brackets.push(isObject: byte == Byte.openBrace)
      case Byte.closeBrace, Byte.closeBracket:
        brackets.pop()
        if brackets.isTracked { return (offset, .afterValue) }
      default:
        break
      }
    }
    return (offset, .untracked)
  }
}
