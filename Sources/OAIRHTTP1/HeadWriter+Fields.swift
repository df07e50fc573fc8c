// Field lines: fixed names with values that are checked here or have been, and those of a head that
// was parsed.

extension HeadWriter {
  /// Appends a field line.
  ///
  /// - Parameters:
  ///   - name: the field's name; a programmer's error if it isn't a token.
  ///   - value: its value; one with control bytes other than HTAB sets `isInvalid`, and the line is
  ///     left out.
  public mutating func field(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    guard accepts(value) else { return }
    field(name, checked: value)
  }

  /// Appends a field line whose value was checked before: by a parser, or when it was made.
  @inlinable @inline(__always)
  public mutating func field(_ name: StaticString, checked value: UnsafeRawBufferPointer) {
    appendName(name)
    append(": ", value, "\r\n")
  }

  /// Appends a field line of fixed text; a programmer's error if it would break the head.
  @inlinable @inline(__always)
  public mutating func field(_ name: StaticString, _ value: StaticString) {
    assert(Self.isValue(value), "a field value with control bytes")
    appendName(name)
    append(": ")
    append(value)
    append("\r\n")
  }

  /// Appends a field line whose value is a number in decimal.
  @inlinable @inline(__always)
  public mutating func field(_ name: StaticString, decimal value: Int) {
    appendName(name)
    append(": ")
    append(decimal: value)
    append("\r\n")
  }

  /// Appends a field line; a name that isn't a token, or a value with control bytes other than
  /// HTAB, sets `isInvalid`, and the line is left out.
  public mutating func field(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    guard let bytes = name.baseAddress, name.count > 0,
      ByteScan.endOfToken(bytes, 0, name.count) == name.count
    else {
      isInvalid = true
      return
    }
    guard accepts(value) else { return }
    append(name)
    append(": ", value, "\r\n")
  }

  /// Appends those fields that pass of a head that a parser has accepted, as they were received,
  /// whitespace before values included; they need no second check.
  ///
  /// Neighbours that pass are copied at once.
  ///
  /// - Parameters:
  ///   - table: was filled from `head`.
  ///   - head: the bytes that were parsed, up to the end of the head at least.
  ///   - line: what is copied before them, its CRLF included; as a rule a first line that stays as
  ///     it is. Empty for nothing.
  ///   - passes: whether a field goes on.
  @inlinable @inline(__always)
  public mutating func fields(
    of table: borrowing HeadTable,
    from head: UnsafeRawBufferPointer,
    behind line: Range<Int> = 0..<0,
    where passes: (HeadField) -> Bool
  ) {
    var run = (start: line.lowerBound, end: line.upperBound)
    for index in 0..<table.count {
      let field = table[index]
      guard passes(field) else { continue }
      let start = Int(field.name.start)
      let end = Int(field.value.end)
      if start != run.end {
        append(head, run.start, run.end)
        run.start = start
      }
      run.end = end &+ 2
      if run.end > head.count || head[end] != 0x0D {
        // Whitespace behind the value isn't a part of it (RFC 9112 section 5.1).
        append(head, run.start, end)
        append("\r\n")
        run = (0, 0)
      }
    }
    append(head, run.start, run.end)
  }

  /// Appends the empty line that ends a head.
  @inlinable @inline(__always)
  public mutating func endOfHead() { append("\r\n") }

  @inlinable @inline(__always)
  mutating func append(_ head: UnsafeRawBufferPointer, _ start: Int, _ end: Int) {
    guard start < end else { return }
    append(UnsafeRawBufferPointer(rebasing: head[start..<end]))
  }

  private mutating func accepts(_ value: UnsafeRawBufferPointer) -> Bool {
    guard let bytes = value.baseAddress else { return true }
    if ByteScan.firstControl(bytes, 0, value.count) == value.count { return true }
    isInvalid = true
    return false
  }

  @inlinable @inline(__always)
  mutating func appendName(_ name: StaticString) {
    // Names and values of this kind are written in the source, and its tests pass them all: to
    // check them again for each request took 900 instructions.
    assert(Self.isName(name), "a field name that isn't a token")
    append(name)
  }

  @usableFromInline
  static func isName(_ name: StaticString) -> Bool {
    let count = name.utf8CodeUnitCount
    return count > 0 && ByteScan.endOfToken(UnsafeRawPointer(name.utf8Start), 0, count) == count
  }

  @usableFromInline
  static func isValue(_ value: StaticString) -> Bool {
    let count = value.utf8CodeUnitCount
    return ByteScan.firstControl(UnsafeRawPointer(value.utf8Start), 0, count) == count
  }
}
