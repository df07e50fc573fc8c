/// A request as a strict recipient reads it (RFC 9112; what is doubtful is refused), with code that
/// shares nothing with the router's: what a garbled connection may at most have asked for.
struct StrictRequest: Equatable {
  var method = ""
  var target = ""
  var body: [UInt8] = []

  /// All requests in a connection's bytes, up to the first that is broken or incomplete.
  static func all(in wire: [UInt8]) -> [StrictRequest] {
    var requests: [StrictRequest] = []
    var reader = Reader(wire: wire)
    while requests.count < 64, let request = reader.next() { requests.append(request) }
    return requests
  }

  private struct Reader {
    let wire: [UInt8]
    var offset = 0

    mutating func next() -> StrictRequest? {
      for _ in 0..<2 where wire[offset...].starts(with: [13, 10]) { offset += 2 }
      guard let lines = lines(), let first = lines.first else { return nil }
      let parts = first.split(separator: 32, omittingEmptySubsequences: false)
      guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
      var request = StrictRequest(method: Self.text(parts[0]), target: Self.text(parts[1]))
      var lengths: Set<Int> = []
      var codings: [String] = []
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: 58), colon > line.startIndex else { return nil }
        let name = Self.text(line[..<colon]).lowercased()
        let value = Self.trimmed(line[line.index(after: colon)...])
        if name.contains(where: { " \t".contains($0) }) { return nil }
        if name == "content-length" {
          guard !value.isEmpty, value.utf8.count < 19, value.utf8.allSatisfy({ 48...57 ~= $0 }),
            let length = Int(value)
          else { return nil }
          lengths.insert(length)
        }
        if name == "transfer-encoding" { codings.append(value.lowercased()) }
      }
      guard lengths.count + codings.count < 2, codings.allSatisfy({ $0 == "chunked" }) else {
        return nil
      }
      guard let body = codings.isEmpty ? take(lengths.first ?? 0) : chunks() else { return nil }
      request.body = body
      return request
    }

    /// The lines of a head, the empty one left out; nil: it isn't whole, or a line end is none.
    private mutating func lines() -> [[UInt8]]? {
      var lines: [[UInt8]] = []
      while let line = line() {
        if line.isEmpty { return lines }
        lines.append(line)
      }
      return nil
    }

    private mutating func line() -> [UInt8]? {
      guard let end = wire[offset...].firstIndex(where: { $0 < 32 && $0 != 9 || $0 == 127 }),
        end + 1 < wire.count, wire[end] == 13, wire[end + 1] == 10
      else { return nil }
      defer { offset = end + 2 }
      return Array(wire[offset..<end])
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
      guard wire.count - offset >= count else { return nil }
      defer { offset += count }
      return Array(wire[offset..<(offset + count)])
    }

    private mutating func chunks() -> [UInt8]? {
      var payload: [UInt8] = []
      while let line = line() {
        let digits = line.prefix { Character(UnicodeScalar($0)).isHexDigit && $0 < 128 }
        let rest = line.dropFirst(digits.count).drop { $0 == 32 || $0 == 9 }
        guard rest.first == 59 || digits.count == line.count, digits.count <= 16,
          let size = Int(Self.text(digits), radix: 16)
        else { return nil }
        guard size > 0 else { return lines() == nil ? nil : payload }
        guard let part = take(size), endsLine() else { return nil }
        payload += part
      }
      return nil
    }

    private mutating func endsLine() -> Bool { take(2) == [13, 10] }

    private static func text(_ bytes: some Collection<UInt8>) -> String {
      String(decoding: bytes, as: UTF8.self)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
      var bytes = bytes.drop { $0 == 32 || $0 == 9 }
      while let last = bytes.last, last == 32 || last == 9 { bytes = bytes.dropLast() }
      return text(bytes)
    }
  }
}
