import OAIRHTTP1

/// What holds for the fields of any head.
struct FieldOrder {
  private let firstLineEnd: Int
  private let headLength: Int
  private let limits: HTTP1Limits

  /// - Parameter end: a place in the first line.
  init(end: Int, headLength: Int, _ limits: HTTP1Limits) {
    firstLineEnd = end
    self.headLength = headLength
    self.limits = limits
  }

  func check(_ table: borrowing HeadTable, _ bytes: [UInt8]) {
    require(table.count <= limits.fields, "field limit")
    var end = firstLineEnd
    for index in 0..<table.count {
      let field = table[index]
      require(field.name.start > end && !field.name.isEmpty, "fields stand in order")
      require(field.value.start > field.name.end, "a value stands behind its colon")
      require(Int(field.value.end) <= headLength - 4, "a value stands before the last CRLFs")
      require(bytes[Int(field.name.end)] == 0x3A, "a colon follows the name")
      require(
        !bytes[field.value.range].contains(where: ReferenceLines.isControl),
        "no control bytes in values"
      )
      end = Int(field.value.end)
    }
  }
}
