// The scan of a body that isn't kept: it streams on, and is looked at as it passes. What matters is
// known by then: only whether the rest is sound, and says the same, is still to be seen.

extension JSONPeek: PieceScanner {
  /// What is known of a body whose beginning isn't shown any more.
  struct Passed {
    /// How much of the body lies before what is shown.
    var origin = 0
    /// The model's name as it was written.
    let model: [UInt8]
  }

  /// The longest spelling of a member's name that matters: each of six letters as `\u0041`.
  private static let longestName = 36

  package var isBroken: Bool { error != nil }

  package mutating func beginPieces(_ body: UnsafeRawBufferPointer) {
    passed = Passed(model: modelRange.map { Array(body[$0]) } ?? [])
  }

  package mutating func take(_ window: UnsafeRawBufferPointer) {
    guard error == nil, let base = window.baseAddress else { return }
    // Where they stand in the body doesn't change any more.
    let (model, otherCase) = (modelRange, otherCaseRange)
    let (isEscaped, previousResponse) = (isModelEscaped, previousResponseRange)
    // SAFETY: rebinding to bytes is always allowed; offsets stay below window.count.
    run(base.assumingMemoryBound(to: UInt8.self), window.count)
    (modelRange, otherCaseRange) = (model, otherCase)
    (isModelEscaped, previousResponseRange) = (isEscaped, previousResponse)
    if let error, let passed { self.error = error.moved(by: passed.origin) }
  }

  package mutating func settle(_ window: UnsafeRawBufferPointer) -> Int {
    let count = window.count
    switch phase {
    case .modelString: return tokenStart
    case .keyString where brackets.depth == 1:
      if count - tokenStart <= Self.longestName { return tokenStart }
      phase = .longKeyString
    case .keyString, .longKeyString, .valueString, .untrackedString: break
    default: return count
    }
    // Of the string itself only this matters: whether its next byte is escaped.
    var run = count
    while run > tokenStart, window[run - 1] == Byte.backslash { run -= 1 }
    tokenStart = count - (count - run) % 2
    return tokenStart
  }

  package mutating func shift(by count: Int) {
    position -= count
    tokenStart -= count
    passed?.origin += count
  }

  package mutating func endPieces(at count: Int) { end(at: count) }
}

extension JSONPeekError {
  /// The same, so many bytes further on.
  fileprivate func moved(by count: Int) -> Self {
    switch self {
    case .invalidJSON(let offset): .invalidJSON(offset: offset + count)
    case .duplicateModel(let offset): .duplicateModel(offset: offset + count)
    case .misspelledModel(let offset): .misspelledModel(offset: offset + count)
    case .notAnObject(let offset): .notAnObject(offset: offset + count)
    case .modelNotAString(let offset): .modelNotAString(offset: offset + count)
    case .modelTooLong(let offset): .modelTooLong(offset: offset + count)
    }
  }
}
