// EventObserver owns what is known of one streamed answer: where its events end, and what they
// mean for the exchange. It runs on the reactor, which shows it each piece of payload on its way
// through. Work goes by lines: a line within one piece is judged where it lies; of a line that
// is split, the beginning is kept until its end is there.
//
//   piece -> lines (memchr) -> field: event | data | comment -> verdict so far
//                              blank line: the event is complete -> flags, counts, boundary

/// Watches the payload of a streamed answer, without its transfer coding, and never changes it.
///
/// Server-sent events (WHATWG HTML, section 9.2.6: lines end with LF, CRLF or CR) in every family
/// but `.ollama`, whose events are the lines of NDJSON. In `.opaque` no events are known: each byte
/// is content and a boundary.
public struct EventObserver: ~Copyable, Sendable {
  /// Longest line that is looked at before `commit()`, in bytes; a longer one counts as content.
  public static let lineLimit = 64 << 10
  /// How much of a split line is kept after `commit()`, in bytes.
  public static let committedLineLimit = 1 << 10

  // What every event needs stands first.
  private let family: WireFamily
  private var isFirstLine = true
  private var isComment = false
  /// The last line ended with CR at the end of a piece: an LF that follows belongs to it.
  private var skipsLineFeed = false
  private var hasFields = false
  private var nameVerdict = EventVerdict.none
  private var dataVerdict = EventVerdict.none

  /// Whether `commit()` was called.
  public private(set) var isCommitted = false
  /// Whether content was seen: a complete event with content or one that isn't known to carry none,
  /// or a line longer than `lineLimit`.
  ///
  /// An end marker or an error alone isn't content.
  public private(set) var hasContent = false
  /// Whether the family's end marker was seen, its event complete.
  public private(set) var hasEndMarker = false
  /// Whether an error inside the stream was seen, its event complete.
  public private(set) var hasError = false
  /// Whether an error came when no content had come before it.
  public private(set) var hasErrorBeforeContent = false
  /// Length of the unfinished line, kept or not.
  private var lineLength = 0
  /// Complete events with data.
  ///
  /// In `.responses` this is also the next `sequence_number`.
  public private(set) var eventCount = 0
  /// Events of these with content.
  ///
  /// After `commit()`, all but end markers and errors and what its type says to be silent.
  public private(set) var contentEventCount = 0

  private var kept = KeptLine()
  private var tokens = TokenCounts()
  /// The status that an error before content names as its code, as vLLM's and llama.cpp's do; nil
  /// if none.
  public private(set) var errorStatus: Int?
  /// Complete comment lines.
  public private(set) var commentCount = 0

  /// An observer that has seen nothing.
  public init(family: WireFamily) {
    self.family = family
  }

  /// Whether no event is unfinished, so that something else may follow.
  ///
  /// Comments are no events.
  public var isAtBoundary: Bool { lineLength == 0 && !hasFields }

  /// Tokens of the prompt, where the stream says so.
  ///
  /// After `commit()` only events are read that arrive in one piece or fit `committedLineLimit`.
  public var inputTokens: Int? { tokens.input }

  /// Tokens generated, where the stream says so; see `inputTokens`.
  public var outputTokens: Int? { tokens.output }

  /// Feeds the next piece of payload.
  ///
  /// - Parameter payload: bytes that directly follow those of the last call.
  /// - Returns: the offset behind the last event or comment that ends in this piece (its blank line
  ///   included), or nil if none does. An LF that completes the CRLF of such an end counts to it.
  public mutating func observe(_ payload: UnsafeRawBufferPointer) -> Int? {
    let count = payload.count
    guard count > 0, let base = payload.baseAddress else { return nil }
    guard family != .opaque else {
      hasContent = true
      return count
    }
    // SAFETY: rebinding to bytes is always allowed; every offset stays below `count`.
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    var start = 0
    var boundary: Int?
    if skipsLineFeed {
      skipsLineFeed = false
      if bytes[0] == Byte.lineFeed {
        start = 1
        if isAtBoundary { boundary = 1 }
      }
    }
    var lineFeed = bytes.offset(of: Byte.lineFeed, from: start, to: count)
    // NDJSON knows LF alone; a CR before it is white space to JSON.
    var carriageReturn =
      family == .ollama ? count : bytes.offset(of: Byte.carriageReturn, from: start, to: count)
    while start < count {
      let end = min(lineFeed, carriageReturn)
      guard end < count else {
        keep(bytes + start, count - start)
        break
      }
      endLine(bytes + start, end - start)
      start = end + 1
      if end == carriageReturn {
        if start == count {
          skipsLineFeed = true
        } else if start == lineFeed {
          start += 1
        }
      }
      if !hasFields { boundary = start }
      if lineFeed < start {
        // The blank line that ends an event needs no search.
        lineFeed =
          start < count && bytes[start] == Byte.lineFeed
          ? start : bytes.offset(of: Byte.lineFeed, from: start, to: count)
      }
      if carriageReturn < start {
        carriageReturn = bytes.offset(of: Byte.carriageReturn, from: start, to: count)
      }
    }
    return boundary
  }

  /// Says that content is on its way to the client, so that failover is over.
  ///
  /// From here on only boundaries, end marker, errors and `usage` are looked for. Of event text
  /// nothing is kept but the beginning of a line that is split.
  public mutating func commit() {
    isCommitted = true
    kept.shrink(to: Self.committedLineLimit)
  }

  // MARK: Lines

  private var keepLimit: Int { isCommitted ? Self.committedLineLimit : Self.lineLimit }

  /// Part of a line whose end isn't there yet.
  private mutating func keep(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
    if lineLength == 0 { isComment = family != .ollama && bytes[0] == Byte.colon }
    lineLength += length
    kept.append(bytes, length, limit: keepLimit)
    guard lineLength > keepLimit else { return }
    tokens.readUsage(bytes, from: 0, to: length)
    if lineLength > Self.lineLimit, !isComment { hasContent = true }
  }

  /// The rest of a line, without its end.
  private mutating func endLine(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
    guard lineLength > 0 else {
      takeLine(bytes, length, of: length)
      return
    }
    if length > 0 { keep(bytes, length) }
    if let start = kept.bytes {
      takeLine(start, kept.count, of: lineLength)
    }
    kept.removeAll()
    lineLength = 0
  }

  /// A complete line, of which `count` bytes are there.
  private mutating func takeLine(_ bytes: UnsafePointer<UInt8>, _ count: Int, of length: Int) {
    var bytes = bytes
    var count = count
    if isFirstLine {
      isFirstLine = false
      if bytes.has("\u{FEFF}", at: 0, before: count) {
        bytes += 3
        count -= 3
      }
    }
    guard family != .ollama else { return takeJSONLine(bytes, count, of: length) }
    guard count > 0 else { return endEvent() }
    switch bytes[0] {
    case Byte.colon:
      commentCount += 1
    case UInt8(ascii: "d"):
      hasFields = true
      takeData(bytes, count, of: length)
    case UInt8(ascii: "e"):
      hasFields = true
      takeName(bytes, count)
    default:
      hasFields = true
    }
  }

  private mutating func takeName(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
    // llama.cpp before 2025 put errors into a field of that name.
    if bytes.has("error:", at: 0, before: count) {
      nameVerdict = .error
    } else if bytes.has("event:", at: 0, before: count), nameVerdict != .error {
      let name = Self.valueStart(bytes, 6, count)..<count
      nameVerdict = EventVerdict.ofType(bytes, name, family: family)
    }
  }

  private mutating func takeData(_ bytes: UnsafePointer<UInt8>, _ count: Int, of length: Int) {
    guard bytes.has("data:", at: 0, before: count) else {
      // A field without a colon is one with an empty value.
      if bytes.has("data", at: 0, before: count), count == 4 { mergeData(.content) }
      return
    }
    let start = Self.valueStart(bytes, 5, count)
    if count == length { tokens.readUsage(bytes, from: start, to: count) }
    guard isCommitted || length <= Self.lineLimit else {
      hasContent = true
      return mergeData(.content)
    }
    guard isCommitted else {
      let verdict = EventJudge.thorough(bytes, from: start, to: count, family: family)
      if verdict == .error { errorStatus = EventJudge.errorStatus(bytes, from: start, to: count) }
      return mergeData(verdict)
    }
    mergeData(
      EventJudge.brief(
        bytes,
        from: start,
        to: count,
        family: family,
        isNamed: nameVerdict != .none
      )
    )
  }

  /// Behind the one space that may follow a field's colon.
  private static func valueStart(
    _ bytes: UnsafePointer<UInt8>,
    _ start: Int,
    _ count: Int
  ) -> Int {
    start < count && bytes[start] == Byte.space ? start + 1 : start
  }

  /// Data that is spread over several lines isn't understood: no engine sends it.
  private mutating func mergeData(_ verdict: EventVerdict) {
    guard dataVerdict != .error else { return }
    dataVerdict = dataVerdict == .none || verdict == .error ? verdict : .content
  }

  private mutating func takeJSONLine(_ bytes: UnsafePointer<UInt8>, _ count: Int, of length: Int) {
    var cursor = JSONCursor(bytes, from: 0, to: count)
    if cursor.isAtEnd() { return }
    eventCount += 1
    guard isCommitted || length <= Self.lineLimit else { return apply(.content) }
    var end = count
    while end > 0, Byte.isSpace(bytes[end - 1]) { end -= 1 }
    apply(
      isCommitted
        ? EventJudge.briefLine(bytes, to: end, tokens: &tokens)
        : EventJudge.line(bytes, to: end, tokens: &tokens)
    )
  }

  // MARK: Events

  /// A blank line: what was collected is an event, if it has data.
  private mutating func endEvent() {
    guard hasFields else { return }
    hasFields = false
    if dataVerdict != .none { eventCount += 1 }
    if nameVerdict == .error || dataVerdict == .error {
      apply(.error)
    } else if dataVerdict == .unnamed {
      apply(nameVerdict == .none ? .content : nameVerdict)
    } else {
      apply(dataVerdict)
    }
    nameVerdict = .none
    dataVerdict = .none
  }

  private mutating func apply(_ verdict: EventVerdict) {
    switch verdict {
    case .none, .unnamed, .silent:
      break
    case .content:
      hasContent = true
      contentEventCount += 1
    case .end:
      hasEndMarker = true
    case .contentAndEnd:
      hasContent = true
      contentEventCount += 1
      hasEndMarker = true
    case .error:
      hasError = true
      if !hasContent { hasErrorBeforeContent = true }
    }
  }
}
