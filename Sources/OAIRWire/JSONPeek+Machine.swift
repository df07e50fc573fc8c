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
    // Both live in registers here: kept in `self`, each step would wait for the store before it
    // (measured: 1.4 times the time per structural byte).
    var offset = position
    var phase = phase
    loop: while offset < count {
      switch phase {
      case .keyString, .valueString, .modelString, .untrackedString:
        (offset, phase) = scanString(bytes, offset, count, phase)
      case .literal:
        (offset, phase) = scanLiteral(bytes, offset, count)
      case .untracked:
        (offset, phase) = scanUntracked(bytes, offset, count)
      case .numberMinus, .numberZero, .numberInteger, .numberPoint, .numberFraction,
        .numberExponent, .numberSign, .numberExponentDigits:
        (offset, phase) = scanNumber(bytes, offset, count, phase)
      case .start, .objectStart, .key, .colon, .value, .arrayStart, .afterValue, .end:
        let byte = bytes[offset]
        if !Byte.isSpace(byte) { phase = structurePhase(after: phase, byte, at: offset) }
        offset &+= 1
      case .failed:
        break loop
      }
    }
    position = offset
    self.phase = phase
  }

  /// The phase after one structural byte, white space apart.
  private mutating func structurePhase(
    after phase: Phase,
    _ byte: UInt8,
    at offset: Int
  ) -> Phase {
    switch phase {
    case .afterValue:
      let isInObject = brackets.isInObject
      if byte == Byte.comma { return isInObject ? .key : .value }
      return byte == (isInObject ? Byte.closeBrace : Byte.closeBracket)
        ? closeLevel() : refuse(offset)
    case .value:
      return beginValue(byte, at: offset)
    case .colon:
      return byte == Byte.colon ? .value : refuse(offset)
    case .key, .objectStart:
      if byte == Byte.quote {
        tokenStart = offset &+ 1
        return .keyString
      }
      return byte == Byte.closeBrace && phase == .objectStart ? closeLevel() : refuse(offset)
    case .arrayStart:
      return byte == Byte.closeBracket ? closeLevel() : beginValue(byte, at: offset)
    case .start:
      if byte == Byte.openBrace { return open(isObject: true) }
      return Byte.beginsValue(byte) ? fail(.notAnObject(offset: offset)) : refuse(offset)
    default:
      // `.end`: something follows the top-level value. The other phases don't come here.
      return refuse(offset)
    }
  }

  private mutating func beginValue(_ byte: UInt8, at offset: Int) -> Phase {
    if brackets.depth == 1, member != .other {
      return beginMember(byte, at: offset)
    }
    return plainValue(byte, at: offset)
  }

  /// Begins the value of the top-level `model` or `stream`.
  private mutating func beginMember(_ byte: UInt8, at offset: Int) -> Phase {
    guard member == .model else {
      if member == .stream { stream = nil }
      return plainValue(byte, at: offset)
    }
    guard byte == Byte.quote else {
      return Byte.beginsValue(byte) ? fail(.modelNotAString(offset: offset)) : refuse(offset)
    }
    tokenStart = offset + 1
    return .modelString
  }

  private mutating func plainValue(_ byte: UInt8, at offset: Int) -> Phase {
    switch byte {
    case Byte.quote:
      tokenStart = offset &+ 1
      return .valueString
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
