/// Parses request heads (RFC 9112 sections 2 to 6): strict, in one pass, without state.
///
/// It allocates nothing.
public enum RequestHeadParser {
  /// Looks for a request head at the start of the bytes.
  ///
  /// The result is a function of the bytes alone: cutting them into reads differently may delay
  /// `failed`, but never changes it.
  ///
  /// - Parameters:
  ///   - bytes: all bytes received and not consumed so far; what follows the head is not looked at.
  ///   - previouslyScanned: number of these bytes that an earlier call answered with `needMore`; 0
  ///     at first. A call then costs time in proportion to what is new.
  ///   - table: receives the fields; meaningful only if a head is returned.
  ///   - limits: bounds; the same in all calls for one head.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer,
    previouslyScanned: Int,
    into table: inout HeadTable,
    limits: HTTP1Limits
  ) -> HeadParse<RequestHead> {
    var head = RequestHead()
    return parse(
      bytes,
      previouslyScanned: previouslyScanned,
      into: &table,
      &head,
      limits: limits
    ).with(head)
  }

  /// The same, with the head written where the caller keeps it.
  ///
  /// - Parameters:
  ///   - bytes: as above.
  ///   - previouslyScanned: as above.
  ///   - table: receives the fields; meaningful only if the head is whole.
  ///   - head: receives the rest; meaningful only if the head is whole.
  ///   - limits: as above.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer,
    previouslyScanned: Int,
    into table: inout HeadTable,
    _ head: inout RequestHead,
    limits: HTTP1Limits
  ) -> HeadProgress {
    guard let base = bytes.baseAddress, bytes.count > 0,
      HeadResumption.mustParse(bytes, previouslyScanned, limits)
    else { return .needMore }
    table.removeAll()
    var scanner = HeadScanner(base, count: bytes.count, limit: limits.head)
    var line = RequestLine()
    var step = line.parse(&scanner, limit: limits.requestLine)
    if step == .done {
      var facts = HeadFacts(isResponse: false, limits: limits)
      step = FieldSection.parse(&scanner, &table, &facts, maximum: limits.fields)
      if step == .done {
        if let error = finish(&line, scanner, &table, &facts, &head) { return .failed(error) }
        return .whole
      }
    }
    if step == .needMore { return .needMore }
    return .failed(HTTP1Error(scanner.failure, at: scanner.failureOffset))
  }

  /// Applies the rules that need the whole head, and writes what it says.
  ///
  /// What it reads is passed by address, since it is large; it changes table and head alone.
  @inline(__always)
  private static func finish(
    _ line: inout RequestLine,
    _ scanner: HeadScanner,
    _ table: inout HeadTable,
    _ facts: inout HeadFacts,
    _ head: inout RequestHead
  ) -> HTTP1Error? {
    let end = scanner.position
    if let kind = brokenHostRule(line, scanner.base, facts) {
      return HTTP1Error(kind, at: max(facts.hostOffset, Int(line.target.start)))
    }
    let framing: MessageFraming
    switch facts.requestFraming(minorVersion: line.minorVersion) {
    case .success(let chosen): framing = chosen
    case .failure(let kind):
      let offset = table.first(.transferEncoding).map { Int($0.value.start) } ?? end
      return HTTP1Error(kind, at: offset)
    }
    facts.markNamedFields(scanner.base, &table)
    head.method = line.method
    head.methodRange = line.methodRange
    head.target = line.target
    head.path = line.form.path
    head.query = line.form.query
    head.host = line.form.authority.isEmpty ? facts.host : line.form.authority
    head.minorVersion = line.minorVersion
    head.framing = framing
    head.isKeepAlive = facts.isKeepAlive(minorVersion: line.minorVersion)
    // RFC 9110 section 10.1.1: ignored in HTTP/1.0; no use without a body.
    head.expectsContinue =
      facts.expectsContinue && line.minorVersion > 0 && framing != .none && framing != .length(0)
    head.upgrade = upgrade(facts, line)
    head.hasContentEncoding = facts.isEncoded
    head.contentKind = facts.contentKind
    head.length = end
    return nil
  }

  @inline(__always)
  private static func brokenHostRule(
    _ line: RequestLine,
    _ base: UnsafeRawPointer,
    _ facts: HeadFacts
  ) -> HTTP1Error.Kind? {
    guard facts.hostOffset >= 0 else {
      // RFC 9112 section 3.2: 400 for any HTTP/1.1 request without Host.
      return line.minorVersion >= 1 ? .missingHost : nil
    }
    // RFC 9112 section 3.2: where the target has an authority, Host must be identical to it. Two
    // peers that pick different ones see different sites.
    let authority = line.form.authority
    if authority.isEmpty || line.method == .connect { return nil }
    return isSameHost(base, authority, facts.host, isSecure: line.form.isSecure)
      ? nil : .hostMismatch
  }

  private static func isSameHost(
    _ base: UnsafeRawPointer,
    _ left: ByteRange,
    _ right: ByteRange,
    isSecure: Bool
  ) -> Bool {
    let leftStart = Int(left.start)
    let rightStart = Int(right.start)
    let leftEnd = Authority.endWithoutDefaultPort(
      base,
      leftStart,
      Int(left.end),
      isSecure: isSecure
    )
    let rightEnd = Authority.endWithoutDefaultPort(
      base,
      rightStart,
      Int(right.end),
      isSecure: isSecure
    )
    return leftEnd &- leftStart == rightEnd &- rightStart
      && CaseFold.equals(base + leftStart, base + rightStart, count: leftEnd &- leftStart)
  }

  /// RFC 9110 section 7.8: Upgrade counts only if Connection names it, and not in HTTP/1.0.
  @inline(__always)
  private static func upgrade(_ facts: HeadFacts, _ line: RequestLine) -> RequestHead.Upgrade {
    guard facts.saysUpgrade && line.minorVersion >= 1 else { return .none }
    if facts.offersWebSocket && line.method == .get { return .webSocket }
    return facts.offersWebSocket || facts.offersOtherUpgrade ? .other : .none
  }
}
