/// Judges the data of one event, or one NDJSON line, that is there in whole.
///
/// Thorough judgement walks the JSON; it is for the few events before COMMIT, where content must be
/// told from none. Brief judgement looks at the first bytes alone.
enum EventJudge {
  // MARK: Before COMMIT

  /// Judges server-sent data, which lies in `start..<end`.
  static func thorough(
    _ bytes: UnsafePointer<UInt8>,
    from start: Int,
    to end: Int,
    family: WireFamily
  ) -> EventVerdict {
    if bytes.has("[DONE]", at: start, before: end) { return done(family) }
    var cursor = JSONCursor(bytes, from: start, to: end)
    guard cursor.enter(Byte.openBrace) else { return .content }
    let verdict =
      family == .responses || family == .messages
      ? typed(&cursor, family) : choices(&cursor)
    if verdict == .error { return .error }
    return cursor.isAtEnd() ? verdict : .content
  }

  /// Judges a line of NDJSON, which lies in `0..<end`; `tokens` takes what it says of them.
  static func line(
    _ bytes: UnsafePointer<UInt8>,
    to end: Int,
    tokens: inout TokenCounts
  ) -> EventVerdict {
    var cursor = JSONCursor(bytes, from: 0, to: end)
    guard cursor.enter(Byte.openBrace) else { return .content }
    var isKnown = false
    var hasText = false
    var isDone = false
    while let key = cursor.nextKey() {
      switch true {
      case bytes.equals("error", in: key):
        if !cursor.skipIsEmpty() { return .error }
      case bytes.equals("done", in: key):
        isDone = cursor.skipIsTrue()
      case bytes.equals("message", in: key):
        isKnown = true
        if !isSilentDelta(&cursor) { hasText = true }
      case bytes.equals("response", in: key):
        isKnown = true
        if !cursor.skipIsEmpty() { hasText = true }
      case bytes.equals("thinking", in: key):
        if !cursor.skipIsEmpty() { hasText = true }
      case bytes.equals("prompt_eval_count", in: key):
        tokens.input = cursor.integer() ?? tokens.input
      case bytes.equals("eval_count", in: key):
        tokens.output = cursor.integer() ?? tokens.output
      default:
        cursor.skip()
      }
    }
    // A line that was cut at its limit is broken at the end, but `done` stands near its start.
    if isDone { return hasText ? .contentAndEnd : .end }
    return cursor.isAtEnd() && isKnown && !hasText ? .silent : .content
  }

  /// `choices` of chat and completions; the cursor is inside the top-level object.
  private static func choices(_ cursor: inout JSONCursor) -> EventVerdict {
    var isKnown = false
    var hasContent = false
    while let key = cursor.nextKey() {
      if cursor.bytes.equals("error", in: key) {
        if !cursor.skipIsEmpty() { return .error }
      } else if cursor.bytes.equals("choices", in: key) {
        isKnown = true
        guard cursor.enter(Byte.openBracket) else { return .content }
        while cursor.nextElement() {
          if !isSilentChoice(&cursor) { hasContent = true }
          if cursor.isBroken { return .content }
        }
      } else if cursor.bytes.equals("prompt_progress", in: key) {
        // llama.cpp's `return_progress`: the client asked to see the prefill advance.
        if !cursor.skipIsEmpty() { hasContent = true }
      } else {
        cursor.skip()
      }
    }
    return isKnown && !hasContent ? .silent : .content
  }

  private static func isSilentChoice(_ cursor: inout JSONCursor) -> Bool {
    guard cursor.enter(Byte.openBrace) else { return false }
    var isSilent = true
    while let key = cursor.nextKey() {
      if cursor.bytes.equals("index", in: key) {
        cursor.skip()
      } else if cursor.bytes.equals("delta", in: key) {
        if !isSilentDelta(&cursor) { isSilent = false }
      } else if !cursor.skipIsEmpty() {
        isSilent = false  // finish_reason, text, logprobs, …
      }
    }
    return isSilent
  }

  /// Whether a delta (or Ollama's message) has nothing but a role, nulls and empty values.
  private static func isSilentDelta(_ cursor: inout JSONCursor) -> Bool {
    guard cursor.peek() == Byte.openBrace else { return cursor.skipIsEmpty() }
    _ = cursor.enter(Byte.openBrace)
    var isSilent = true
    while let key = cursor.nextKey() {
      if cursor.bytes.equals("role", in: key) {
        cursor.skip()
      } else if !cursor.skipIsEmpty() {
        isSilent = false
      }
    }
    return isSilent
  }

  /// Events that say their type; the cursor is inside the top-level object.
  private static func typed(_ cursor: inout JSONCursor, _ family: WireFamily) -> EventVerdict {
    var verdict = EventVerdict.unnamed
    while let key = cursor.nextKey() {
      if cursor.bytes.equals("error", in: key) {
        if !cursor.skipIsEmpty() { return .error }
      } else if cursor.bytes.equals("type", in: key) {
        guard let type = cursor.string() else { return .content }
        verdict = EventVerdict.ofType(cursor.bytes, type, family: family)
      } else {
        cursor.skip()
      }
    }
    return verdict
  }

  /// The status that an error event names: the integer `code` of its `error` object.
  static func errorStatus(
    _ bytes: UnsafePointer<UInt8>,
    from start: Int,
    to end: Int
  ) -> Int? {
    var cursor = JSONCursor(bytes, from: start, to: end)
    guard cursor.enter(Byte.openBrace) else { return nil }
    while let key = cursor.nextKey() {
      guard bytes.equals("error", in: key), cursor.enter(Byte.openBrace) else {
        cursor.skip()
        continue
      }
      while let member = cursor.nextKey() {
        if bytes.equals("code", in: member) { return cursor.integer() }
        cursor.skip()
      }
    }
    return nil
  }

  private static func done(_ family: WireFamily) -> EventVerdict {
    // In the typed families it isn't the marker, but says nothing either.
    family == .responses || family == .messages ? .silent : .end
  }

  // MARK: After COMMIT

  /// Judges server-sent data by its first bytes: `[DONE]`, or the first key, of which `type` only
  /// matters to an event without a name.
  static func brief(
    _ bytes: UnsafePointer<UInt8>,
    from start: Int,
    to end: Int,
    family: WireFamily,
    isNamed: Bool
  ) -> EventVerdict {
    if bytes.has("[DONE]", at: start, before: end) { return done(family) }
    let isTyped = family == .responses || family == .messages
    let other: EventVerdict = isTyped ? .unnamed : .content
    // `{"` and then `e` or `t`: this is all that nearly every event costs.
    if end - start > 2, bytes[start] == Byte.openBrace, bytes[start + 1] == Byte.quote {
      let first = bytes[start + 2]
      let mayMatter =
        first == UInt8(ascii: "e") || first == UInt8(ascii: "t") && isTyped && !isNamed
      if !mayMatter { return other }
    }
    var cursor = JSONCursor(bytes, from: start, to: end)
    guard cursor.enter(Byte.openBrace), cursor.peek() == Byte.quote,
      bytes.has("\"error\"", at: cursor.offset, before: end)
        || isTyped && !isNamed && bytes.has("\"type\"", at: cursor.offset, before: end),
      let key = cursor.nextKey()
    else { return other }
    if bytes.equals("error", in: key) {
      return cursor.peek() == UInt8(ascii: "n") ? other : .error
    }
    guard cursor.peek() == Byte.quote, let type = cursor.string() else { return other }
    return EventVerdict.ofType(bytes, type, family: family)
  }

  /// Judges a line of NDJSON by its last bytes, which in Ollama's lines but the last and errors
  /// are always the same; the others are walked.
  static func briefLine(
    _ bytes: UnsafePointer<UInt8>,
    to end: Int,
    tokens: inout TokenCounts
  ) -> EventVerdict {
    let usual: StaticString = ",\"done\":false}"
    if bytes.has(usual, at: end - usual.utf8CodeUnitCount, before: end),
      !bytes.has("{\"error\"", at: 0, before: end)
    {
      return .content
    }
    return line(bytes, to: end, tokens: &tokens)
  }
}
