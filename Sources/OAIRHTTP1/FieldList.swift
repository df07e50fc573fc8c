/// Walks the elements of a comma-separated field value (RFC 9110 section 5.6.1).
///
/// Empty elements are skipped, as section 5.6.1.2 asks of recipients. Commas inside quoted strings
/// are not special here: none of the fields this is used for has elements with quoted strings that
/// matter to the router.
struct FieldList {
  // SAFETY: `base ..< base + end` is readable while the value is being parsed; nothing keeps it.
  private let base: UnsafeRawPointer
  private let end: Int
  private var index: Int

  init(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) {
    self.base = base
    self.index = start
    self.end = end
  }

  /// The next element without the whitespace around it, or nil behind the last.
  mutating func next() -> (start: Int, end: Int)? {
    while index < end {
      var start = index
      while index < end, ByteScan.byte(base, index) != 0x2C { index &+= 1 }
      var stop = index
      index &+= 1
      while start < stop, ByteClass.isBlank(ByteScan.byte(base, start)) { start &+= 1 }
      while stop > start, ByteClass.isBlank(ByteScan.byte(base, stop &- 1)) { stop &-= 1 }
      if start < stop { return (start, stop) }
    }
    return nil
  }
}
