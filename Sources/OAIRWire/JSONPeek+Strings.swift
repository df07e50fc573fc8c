// The strings of JSONPeek: skipping them, and the few whose contents matter.

extension JSONPeek {
  /// Goes on inside a string, up to behind its closing quote if that is there.
  mutating func scanString(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int,
    _ phase: Phase
  ) -> (Int, Phase) {
    var offset = start
    while true {
      let quote = bytes.nearOffset(of: Byte.quote, from: offset, to: count)
      guard quote < count else { break }
      offset = quote &+ 1
      // An odd run of backslashes makes the quote part of the string. Runs end at the quote
      // before at the latest, so that all of them together are read once.
      var run = quote
      while run > tokenStart, bytes[run &- 1] == Byte.backslash { run &-= 1 }
      if (quote &- run) & 1 == 0 {
        return (offset, phaseBehindString(bytes, tokenStart..<quote, phase))
      }
    }
    if phase == .modelString, count - tokenStart > Self.rawModelLimit {
      return (count, fail(.modelTooLong(offset: tokenStart - 1)))
    }
    return (count, phase)
  }

  @inline(__always)
  private mutating func phaseBehindString(
    _ bytes: UnsafePointer<UInt8>,
    _ range: Range<Int>,
    _ phase: Phase
  ) -> Phase {
    switch phase {
    case .keyString:
      if brackets.depth == 1 {
        member = Self.member(named: bytes, range.lowerBound, range.upperBound)
      }
      return .colon
    case .longKeyString:
      member = .other
      return .colon
    case .untrackedString:
      return .untracked
    case .modelString:
      return takeModel(bytes, range)
    default:
      if member == .previousResponse, brackets.depth == 1 { takePreviousResponse(bytes, range) }
      return .afterValue
    }
  }

  private mutating func takePreviousResponse(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) {
    let end = bytes.offset(of: Byte.backslash, from: range.lowerBound, to: range.upperBound)
    previousResponseRange = end == range.upperBound ? range : nil
  }

  /// The member whose name stands in `start..<end`.
  @inline(__always)
  static func member(named bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Member {
    switch end &- start {
    case 5: return modelMember(named: bytes, start)
    case 6: return bytes.has("stream", at: start, before: end) ? .stream : .other
    // One escaped letter, and at most all of them, of a name that has five or six.
    case 10...36: return longMember(named: bytes, start..<end)
    default: return .other
    }
  }

  /// What the member is whose name has five bytes.
  @inline(__always)
  private static func modelMember(named bytes: UnsafePointer<UInt8>, _ start: Int) -> Member {
    // Of all bytes only a letter's other case becomes that letter so.
    guard bytes[start] | 0x20 == UInt8(ascii: "m"), bytes[start &+ 1] | 0x20 == UInt8(ascii: "o"),
      bytes[start &+ 2] | 0x20 == UInt8(ascii: "d"), bytes[start &+ 3] | 0x20 == UInt8(ascii: "e"),
      bytes[start &+ 4] | 0x20 == UInt8(ascii: "l")
    else { return .other }
    return bytes.has("model", at: start, before: start &+ 5) ? .model : .modelInOtherCase
  }

  private static func longMember(
    named bytes: UnsafePointer<UInt8>,
    _ range: Range<Int>
  ) -> Member {
    if bytes.equals("previous_response_id", in: range) { return .previousResponse }
    let isEscaped =
      bytes.offset(of: Byte.backslash, from: range.lowerBound, to: range.upperBound)
      < range.upperBound
    guard isEscaped else { return .other }
    if decodes(bytes, range, to: "model") { return .model }
    if decodes(bytes, range, to: "MODEL", inAnyCase: true) { return .modelInOtherCase }
    return decodes(bytes, range, to: "stream") ? .stream : .other
  }

  /// - Parameter inAnyCase: `text` is in upper case, and letters in lower case count as well.
  private static func decodes(
    _ bytes: UnsafePointer<UInt8>,
    _ range: Range<Int>,
    to text: StaticString,
    inAnyCase: Bool = false
  ) -> Bool {
    var decoder = JSONStringDecoder(bytes, range)
    for index in 0..<text.utf8CodeUnitCount {
      let wanted = UInt32(text.utf8Start[index])
      guard case .scalar(let scalar) = decoder.next(),
        scalar == wanted || inAnyCase && scalar == wanted | 0x20
      else { return false }
    }
    return decoder.next() == .end
  }

  /// Takes the name that stands in a range; the phase behind its closing quote.
  mutating func takeModel(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Phase {
    let valueStart = range.lowerBound - 1
    let isPlain = Self.isPlain(bytes, range)
    if isPlain {
      // Its length is that of its spelling.
      guard range.count <= Self.modelLimit else { return fail(.modelTooLong(offset: valueStart)) }
    } else if let error = Self.fault(ofModel: bytes, range) {
      return fail(error)
    }
    if let isEqual = isFormerModel(bytes, range) {
      guard isEqual else { return fail(.duplicateModel(offset: valueStart)) }
      isModelRepeated = true
    }
    guard member == .model else {
      otherCaseRange = range
      return .afterValue
    }
    modelRange = range
    isModelEscaped =
      !isPlain
      && bytes.offset(of: Byte.backslash, from: range.lowerBound, to: range.upperBound)
        < range.upperBound
    return .afterValue
  }

  /// Whether a string is of visible ASCII and spaces alone, without escapes.
  private static func isPlain(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let byte = bytes[offset]
      guard byte >= 0x20, byte < 0x7F, byte != Byte.backslash else { return false }
      offset &+= 1
    }
    return true
  }

  /// What is wrong with a model's name.
  private static func fault(
    ofModel bytes: UnsafePointer<UInt8>,
    _ range: Range<Int>
  ) -> JSONPeekError? {
    let valueStart = range.lowerBound - 1
    guard range.count <= rawModelLimit else { return .modelTooLong(offset: valueStart) }
    var decoder = JSONStringDecoder(bytes, range)
    var length = 0
    while true {
      switch decoder.next() {
      case .scalar(let scalar):
        length += UTF8Sequence.length(of: scalar)
        guard length <= modelLimit else { return .modelTooLong(offset: valueStart) }
      case .invalid(let offset):
        return .invalidJSON(offset: offset)
      case .end:
        return nil
      }
    }
  }

  /// Whether a name is the one that stood before; nil if none did.
  private func isFormerModel(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool? {
    var name = JSONStringDecoder(bytes, range)
    if let passed {
      return passed.model.withUnsafeBufferPointer { model in
        guard let base = model.baseAddress else { return range.isEmpty }
        var former = JSONStringDecoder(base, 0..<model.count)
        return former.hasSameText(as: &name)
      }
    }
    guard let former = modelRange ?? otherCaseRange else { return nil }
    var decoder = JSONStringDecoder(bytes, former)
    return decoder.hasSameText(as: &name)
  }
}

extension JSONStringDecoder {
  /// Whether two strings decode to the same text, however they are written.
  fileprivate mutating func hasSameText(as other: inout JSONStringDecoder) -> Bool {
    while true {
      let step = next()
      guard step == other.next() else { return false }
      if step == .end { return true }
    }
  }
}
