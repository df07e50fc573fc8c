/// Reads a multipart form (RFC 7578), whole and without mercy for memory: it is for a fake backend.
///
/// It is no part of the proxy: what the proxy makes of a form is judged by another reader.
enum FormReader {
  /// One part.
  struct Part: Equatable {
    /// `name` of its `Content-Disposition`.
    var name: String
    var content: ArraySlice<UInt8>
  }

  /// The parts that have a name, up to the closing boundary or the end of the body.
  ///
  /// - Parameters:
  ///   - body: the form.
  ///   - boundary: without the two dashes before it.
  static func parts(_ body: [UInt8], boundary: String) -> [Part] {
    let delimiter = Array("\r\n--\(boundary)".utf8)
    // The first delimiter has no line end before it.
    let opening = delimiter.dropFirst(2)
    guard body.starts(with: opening) else { return [] }
    var parts: [Part] = []
    var start = opening.count
    while start < body.count, let end = find(delimiter, in: body[...], from: start) {
      if let part = part(body[start..<end]) { parts.append(part) }
      start = end + delimiter.count
      if body[start...].starts(with: [0x2D, 0x2D]) { break }
    }
    return parts
  }

  /// `boundary` of a `Content-Type`; nil when it has none.
  static func boundary(_ contentType: String) -> String? {
    for parameter in contentType.split(separator: ";").dropFirst() {
      let pair = parameter.split(separator: "=", maxSplits: 1)
      let name = pair[0].filter { $0 != " " }.lowercased()
      if name == "boundary", pair.count == 2 { return pair[1].filter { $0 != "\"" } }
    }
    return nil
  }

  /// - Parameter bytes: from behind the boundary to the line end before the next one.
  private static func part(_ bytes: ArraySlice<UInt8>) -> Part? {
    let blank: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
    guard let end = find(blank, in: bytes, from: bytes.startIndex) else { return nil }
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    for line in head.split(whereSeparator: \.isNewline) {
      guard line.lowercased().hasPrefix("content-disposition:") else { continue }
      for parameter in line.split(separator: ";") {
        let pair = parameter.split(separator: "=", maxSplits: 1)
        guard pair.count == 2, pair[0].filter({ $0 != " " }) == "name" else { continue }
        let name = pair[1].filter { $0 != "\"" }
        return Part(name: name, content: bytes[(end + blank.count)...])
      }
    }
    return nil
  }

  private static func find(
    _ pattern: [UInt8],
    in bytes: ArraySlice<UInt8>,
    from start: Int
  ) -> Int? {
    var index = start
    while index + pattern.count <= bytes.endIndex {
      if bytes[index] == pattern[0], bytes[index...].starts(with: pattern) { return index }
      index += 1
    }
    return nil
  }
}
