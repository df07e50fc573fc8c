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
        return endOrFailure(&scanner, first)
      }
      // Lines are counted, not table entries: a repeated line that is left out costs as much.
      guard lines < maximum else { return scanner.fail(.tooManyFields, at: position) }
      lines &+= 1

      let nameEnd = ByteScan.endOfToken(base, position, end)
      guard nameEnd < end, ByteScan.byte(base, nameEnd) == ByteClass.colon, nameEnd > position
      else { return refuseName(&scanner, position, nameEnd) }
      let valueStart = ByteScan.endOfBlanks(base, nameEnd &+ 1, end)
      let lineEnd = ByteScan.firstControl(base, valueStart, end)
      guard end &- lineEnd >= 2, ByteScan.isCRLF(base, lineEnd) else {
        scanner.position = lineEnd
        return scanner.lineEnd(else: .invalidFieldValue)
      }
      if let step = take(
        &scanner,
        &table,
        &facts,
        name: (position, nameEnd),
        value: (valueStart, lineEnd)
      ) {
        return step
      }
      position = lineEnd &+ 2
    }
    return scanner.ranOut()
  }

  /// Recognises a field and adds it to the table; nil unless the message must be refused.
  @inline(__always)
  private static func take(
    _ scanner: inout HeadScanner,
    _ table: inout HeadTable,
    _ facts: inout HeadFacts,
    name: (start: Int, end: Int),
    value: (start: Int, end: Int)
  ) -> ParseStep? {
    let base = scanner.base
    // RFC 9112 section 5.1: whitespace around the value is not part of it.
    var valueEnd = value.end
    while valueEnd > value.start, ByteClass.isBlank(ByteScan.byte(base, valueEnd &- 1)) {
      valueEnd &-= 1
    }
    let known = KnownField(base + name.start, count: name.end &- name.start)
    if known.affectsMessage {
      switch facts.absorb(known, base, value.start, valueEnd, readable: scanner.end) {
      case .keep: break
      case .leaveOut: return nil
      case .refuse(let kind): return scanner.fail(kind, at: value.start)
      }
    }
    table.append(
      HeadField(
        name: ByteRange(within: name.start, name.end),
        value: ByteRange(within: value.start, valueEnd),
        known: known,
        isNamedByConnection: false
      )
    )
    return nil
  }

  /// A line that begins with a control byte or a space: the empty line, or a fault.
  private static func endOrFailure(_ scanner: inout HeadScanner, _ first: UInt8) -> ParseStep {
    // RFC 9112 section 5.2: a server must refuse obs-fold or replace it; section 2.2: whitespace
    // before the first field must be refused or its line skipped. We refuse.
    if ByteClass.isBlank(first) { return scanner.fail(.foldedLine, at: scanner.position) }
    return scanner.lineEnd(else: .invalidFieldName)
  }

  private static func refuseName(
    _ scanner: inout HeadScanner,
    _ nameStart: Int,
    _ nameEnd: Int
  ) -> ParseStep {
    guard nameEnd < scanner.end else { return scanner.ranOut() }
    // RFC 9112 section 5.1: whitespace before the colon has led to request smuggling: 400.
    if nameEnd > nameStart && ByteClass.isBlank(scanner.byte(nameEnd)) {
      return scanner.fail(.whitespaceBeforeColon, at: nameEnd)
    }
    return scanner.fail(.invalidFieldName, at: nameEnd)
  }
}
