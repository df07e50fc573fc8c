/// Parses the field lines of a head up to and including the empty line (RFC 9112 section 5).
enum FieldSection {
  /// Parses all lines from the scanner's position on.
  ///
  /// - Parameters:
  ///   - scanner: stands at the first field line; behind the empty line afterwards.
  ///   - table: receives the fields.
  ///   - facts: receives what they mean.
  ///   - maximum: number of fields allowed.
  static func parse(
    _ scanner: inout HeadScanner,
    _ table: inout HeadTable,
    _ facts: inout HeadFacts,
    maximum: Int
  ) -> ParseStep {
    let base = scanner.base
    let end = scanner.end
    let maximum = min(maximum, table.capacity)
    var position = scanner.position
    var lines = 0
    while position < end {
      let first = ByteScan.byte(base, position)
      if first <= ByteClass.space {
        scanner.position = position
        return first == ByteClass.carriageReturn
          ? scanner.lineEnd(else: .invalidFieldName) : refuseLine(&scanner, first)
      }
      // Lines are counted, not table entries: a repeated line that is left out costs as much.
      guard lines < maximum else { return scanner.fail(.tooManyFields, at: position) }
      lines &+= 1

      var name = FieldName(known: .other, end: position)
      if end &- position >= KnownField.longestNameAndColon {
        var count = 0
        name.known = KnownField(lineAt: base + position, count: &count)
        name.end = position &+ count
      }
      if name.known == .other {
        name = otherName(base, position, end)
        guard name.end >= 0 else { return refuseName(&scanner, position) }
      }
      let valueStart = ByteScan.endOfBlanks(base, name.end &+ 1, end)
      let lineEnd = ByteScan.firstControl(base, valueStart, end)
      guard end &- lineEnd >= 2, ByteScan.isCRLF(base, lineEnd) else {
        scanner.position = lineEnd
        return scanner.lineEnd(else: .invalidFieldValue)
      }
      if let step = take(&scanner, &table, &facts, position, name, (valueStart, lineEnd)) {
        return step
      }
      position = lineEnd &+ 2
    }
    return scanner.ranOut()
  }

  private struct FieldName {
    var known: KnownField
    /// Where the colon is; -1 if there is none behind a valid name.
    var end: Int
  }

  /// The name of a line that doesn't begin with that of a known field, or is too near to the end of
  /// the bytes for that to be seen at once.
  ///
  /// Never inlined: the loop over lines keeps its registers for what most of them need.
  @inline(never)
  private static func otherName(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> FieldName {
    let nameEnd = ByteScan.endOfToken(base, start, end)
    guard nameEnd < end, ByteScan.byte(base, nameEnd) == ByteClass.colon, nameEnd > start else {
      return FieldName(known: .other, end: -1)
    }
    return FieldName(
      known: end &- start >= KnownField.longestNameAndColon
        ? .other : KnownField(base + start, count: nameEnd &- start),
      end: nameEnd
    )
  }

  /// Adds a field to the table; nil unless the message must be refused.
  @inline(__always)
  private static func take(
    _ scanner: inout HeadScanner,
    _ table: inout HeadTable,
    _ facts: inout HeadFacts,
    _ start: Int,
    _ name: FieldName,
    _ value: (start: Int, end: Int)
  ) -> ParseStep? {
    let base = scanner.base
    // RFC 9112 section 5.1: whitespace around the value is not part of it.
    var valueEnd = value.end
    // A byte stands before it in any case, the colon at least; nearly always it is no blank.
    if ByteScan.byte(base, valueEnd &- 1) <= ByteClass.space {
      while valueEnd > value.start, ByteClass.isBlank(ByteScan.byte(base, valueEnd &- 1)) {
        valueEnd &-= 1
      }
    }
    if name.known.affectsMessage {
      switch facts.absorb(name.known, base, value.start, valueEnd, readable: scanner.end) {
      case .keep: break
      case .leaveOut: return nil
      case .refuse(let kind): return scanner.fail(kind, at: value.start)
      }
    }
    table.append(
      HeadField(
        name: ByteRange(within: start, name.end),
        value: ByteRange(within: value.start, valueEnd),
        known: name.known,
        isNamedByConnection: false
      )
    )
    return nil
  }

  /// A line that begins with another control byte than CR, or with a space.
  private static func refuseLine(_ scanner: inout HeadScanner, _ first: UInt8) -> ParseStep {
    // RFC 9112 section 5.2: a server must refuse obs-fold or replace it; section 2.2: whitespace
    // before the first field must be refused or its line skipped. We refuse.
    if ByteClass.isBlank(first) { return scanner.fail(.foldedLine, at: scanner.position) }
    return scanner.lineEnd(else: .invalidFieldName)
  }

  private static func refuseName(_ scanner: inout HeadScanner, _ start: Int) -> ParseStep {
    let nameEnd = ByteScan.endOfToken(scanner.base, start, scanner.end)
    guard nameEnd < scanner.end else { return scanner.ranOut() }
    // RFC 9112 section 5.1: whitespace before the colon has led to request smuggling: 400.
    if nameEnd > start && ByteClass.isBlank(scanner.byte(nameEnd)) {
      return scanner.fail(.whitespaceBeforeColon, at: nameEnd)
    }
    return scanner.fail(.invalidFieldName, at: nameEnd)
  }
}
