/// Reads a JSON text (RFC 8259) into a document.
package enum JSONDocument {
  /// Reads a text that is one JSON value.
  ///
  /// - Parameter bytes: at most as many as a file of backends may have.
  /// - Throws: `DocumentError` with the place where it stops being JSON.
  package static func parse(_ bytes: [UInt8]) throws(DocumentError) -> DocumentNode {
    // A byte order mark may be ignored (RFC 8259 8.1), and editors write it.
    let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw DocumentError("the text isn't UTF-8")
    }
    let result = bytes.withUnsafeBytes { bytes in
      var reader = JSONNodeReader(bytes: bytes)
      return Result { () throws(DocumentError) in try reader.node(0..<bytes.count) }
    }
    return try result.get()
  }
}

private struct JSONNodeReader {
  let bytes: UnsafeRawBufferPointer
  /// Where the last mark was: values are visited in their order, so lines are counted once.
  private var cursor = 0
  private var line = 1
  private var column = 1

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The value that a range is; whitespace around it is no matter.
  mutating func node(_ range: Range<Int>) throws(DocumentError) -> DocumentNode {
    let start = range.first { !Self.isSpace(bytes[$0]) } ?? range.upperBound
    let mark = mark(at: start)
    var slicer = JSONSlicer(bytes, in: start..<range.upperBound)
    switch start < range.upperBound ? bytes[start] : 0 {
    case UInt8(ascii: "{"):
      guard let members = slicer.members() else { throw stopped(slicer) }
      return DocumentNode(.map(try map(members)), at: mark)
    case UInt8(ascii: "["):
      guard let elements = slicer.elements() else { throw stopped(slicer) }
      var nodes: [DocumentNode] = []
      for element in elements { nodes.append(try node(element)) }
      return DocumentNode(.list(nodes), at: mark)
    case UInt8(ascii: "\""):
      guard let text = slicer.string() else { throw stopped(slicer) }
      return DocumentNode(.scalar(text, isPlain: false), at: mark)
    case 0:
      throw DocumentError("the text is empty", at: mark)
    default:
      guard slicer.isValue() else { throw stopped(slicer) }
      let word = bytes[start..<range.upperBound].prefix { !Self.isSpace($0) }
      return DocumentNode(scalar: String(decoding: word, as: UTF8.self), isPlain: true, at: mark)
    }
  }

  private mutating func map(
    _ members: [(key: String, value: Range<Int>)]
  ) throws(DocumentError) -> [DocumentMember] {
    var keys: Set<String> = []
    var map: [DocumentMember] = []
    for (key, range) in members {
      let value = try node(range)
      guard keys.insert(key).inserted else { throw DocumentError(twice: key, at: value.mark) }
      map.append(DocumentMember(key: key, at: value.mark, value: value))
    }
    return map
  }

  private mutating func stopped(_ slicer: JSONSlicer) -> DocumentError {
    DocumentError("the text is no JSON from here on", at: mark(at: slicer.offset))
  }

  private mutating func mark(at offset: Int) -> DocumentMark {
    if offset < cursor { (cursor, line, column) = (0, 1, 1) }
    while cursor < offset {
      let byte = bytes[cursor]
      cursor += 1
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xc0 != 0x80 {
        // Every byte but those that continue a character (RFC 3629).
        column += 1
      }
    }
    return DocumentMark(line: line, column: column)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
  }
}
