/// A head, read by the simplest code that can do it; shares nothing with the router's parser.
struct ReadHead {
  var firstLine = ""
  var fields: [(name: String, value: String)] = []
  var length = 0

  /// Reads a head that ends with an empty line.
  ///
  /// - Returns: nil while it isn't whole.
  init?(_ bytes: [UInt8], from start: Int) {
    guard let end = Self.end(bytes, start) else { return nil }
    length = end - start
    var lines: [String] = []
    var from = start
    var index = start
    while index + 1 < end {
      if bytes[index] == 13, bytes[index + 1] == 10 {
        lines.append(String(decoding: bytes[from..<index], as: UTF8.self))
        index += 2
        from = index
      } else {
        index += 1
      }
    }
    firstLine = lines.first ?? ""
    for line in lines.dropFirst() where !line.isEmpty {
      let utf8 = line.utf8
      guard let colon = utf8.firstIndex(of: 58) else {
        fields.append((name: "malformed", value: line))
        continue
      }
      // Spaces and tabs around a value are none of it (RFC 9110 5.6.3).
      var value = line[utf8.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      while let last = value.last, last == " " || last == "\t" { value.removeLast() }
      fields.append((name: String(line[..<colon]).lowercased(), value: String(value)))
    }
  }

  func values(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map(\.value)
  }

  func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  private static func end(_ bytes: [UInt8], _ start: Int) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      var index = start
      while index + 3 < bytes.count {
        if bytes[index + 3] > 13 {
          index += 4
        } else if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13,
          bytes[index + 3] == 10
        {
          return index + 4
        } else {
          index += 1
        }
      }
      return nil
    }
  }
}
