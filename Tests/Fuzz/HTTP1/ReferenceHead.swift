import OAIRHTTP1

/// What a strict recipient makes of a head: a second opinion, written from RFC 9112 and the rules
/// that the router promises, for inputs below every limit but those that are counted here.
enum ReferenceHead: Equatable {
  case incomplete, refused
  case accepted(length: Int, MessageFraming, [[UInt8]])

  /// Bytes up to which no limit of the size of a line or a head can be met.
  static let sizeLimit = 16_000

  /// Reads a request's head.
  static func request(_ bytes: [UInt8]) -> ReferenceHead {
    guard let lines = ReferenceLines(bytes, skipsEmptyLines: true) else { return .incomplete }
    let parts = lines.first.split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
    guard !lines.isBroken, parts.count == 3, let minor = minorVersion(parts[2]) else {
      return .refused
    }
    let (method, target) = (parts[0], parts[1])
    guard !method.isEmpty, method.allSatisfy(ReferenceLines.isToken),
      method != Array("PRI".utf8), !target.isEmpty,
      target.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 35 })
    else { return .refused }
    let hosts = lines.values("host")
    guard hosts.count <= 1, hosts.count == 1 || minor == 0,
      hosts.allSatisfy({ ReferenceTarget.isAuthority($0) }),
      ReferenceTarget.isTarget(target, of: method, host: hosts.first)
    else { return .refused }
    guard lines.values("expect").allSatisfy({ ReferenceLines.text($0) == "100-continue" }),
      let body = framing(lines, minor)
    else { return .refused }
    return accepted(lines, body ?? .none)
  }

  /// Reads a response's head.
  static func response(_ bytes: [UInt8], isHead: Bool, allowsUpgrade: Bool) -> ReferenceHead {
    guard let lines = ReferenceLines(bytes, skipsEmptyLines: false) else { return .incomplete }
    let first = lines.first
    guard !lines.isBroken, first.count >= 12, let minor = minorVersion(Array(first[..<8])),
      first[8] == 32, first[9...11].allSatisfy({ (48...57).contains($0) }),
      first.count == 12 || first[12] == 32,
      !first.contains(where: ReferenceLines.isControl)
    else { return .refused }
    let status = Int(ReferenceLines.text(first[9...11])) ?? 0
    guard (100...599).contains(status), status != 101 || allowsUpgrade,
      let body = framing(lines, minor)
    else { return .refused }
    let isBodiless = isHead || status < 200 || status == 204 || status == 304
    return accepted(lines, isBodiless ? .none : body ?? .untilClose)
  }

  /// `HTTP/1.` and a digit.
  private static func minorVersion(_ text: [UInt8]) -> Int? {
    guard text.count == 8, text.starts(with: "HTTP/1.".utf8), (48...57).contains(text[7]) else {
      return nil
    }
    return Int(text[7]) - 48
  }

  /// What the fields say of a body, which may be nothing; the outer nil: they break a rule.
  private static func framing(_ lines: ReferenceLines, _ minor: Int) -> MessageFraming?? {
    let options = lines.values("connection")
      .flatMap { $0.split(separator: 44).map { ReferenceLines.trimmed($0) } }
      .map { ReferenceLines.text($0) }
      .filter { !["", "close", "keep-alive", "upgrade"].contains($0) }
    guard options.count <= 32 else { return nil }
    let lengths = lines.values("content-length").map(length)
    let codings = lines.values("transfer-encoding").map { ReferenceLines.text($0) }
    guard codings.isEmpty else {
      return codings == ["chunked"] && lengths.isEmpty && minor > 0 ? .chunked : nil
    }
    guard let first = lengths.first else { return .some(nil) }
    guard let first, lengths.allSatisfy({ $0 == first }) else { return nil }
    return .length(first)
  }

  private static func length(_ value: [UInt8]) -> Int? {
    guard (1...19).contains(value.count), value.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    return Int(String(decoding: value, as: UTF8.self))
  }

  /// Names and values in turn; a Content-Length that repeats the first is left out.
  private static func accepted(_ lines: ReferenceLines, _ framing: MessageFraming)
    -> ReferenceHead
  {
    var hasLength = false
    var texts: [[UInt8]] = []
    for field in lines.fields {
      let isLength = ReferenceLines.text(field.name) == "content-length"
      if isLength, hasLength { continue }
      hasLength = hasLength || isLength
      texts += [field.name, field.value]
    }
    return .accepted(length: lines.length, framing, texts)
  }

  /// The names and values of a table, in the same form.
  static func texts(_ table: borrowing HeadTable, _ bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
    (0..<table.count).flatMap { index in
      [Array(bytes[table[index].name.range]), Array(bytes[table[index].value.range])]
    }
  }
}
