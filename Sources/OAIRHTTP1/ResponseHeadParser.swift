/// Parses response heads (RFC 9112 sections 2 and 4 to 6): strict, in one pass, without state.
///
/// It allocates nothing, and every failure has status 502.
public enum ResponseHeadParser {
  /// Looks for a response head at the start of the bytes.
  ///
  /// Interim responses (1xx) are returned like others, with `framing` none: the caller skips them.
  ///
  /// - Parameters:
  ///   - bytes: all bytes received and not consumed so far; what follows the head is not looked at.
  ///   - previouslyScanned: number of these bytes that an earlier call answered with `needMore`; 0
  ///     at first.
  ///   - requestMethod: the method of the request: a response to HEAD has no body.
  ///   - table: receives the fields; meaningful only if a head is returned.
  ///   - limits: bounds; the same in all calls for one head.
  ///   - allowsUpgrade: whether the request asked to switch protocols, so that 101 is an answer.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer,
    previouslyScanned: Int,
    requestMethod: HTTPMethod,
    into table: inout HeadTable,
    limits: HTTP1Limits,
    allowsUpgrade: Bool = false
  ) -> HeadParse<ResponseHead> {
    var head = ResponseHead()
    return parse(
      bytes,
      previouslyScanned: previouslyScanned,
      requestMethod: requestMethod,
      into: &table,
      &head,
      limits: limits,
      allowsUpgrade: allowsUpgrade
    ).with(head)
  }

  /// The same, with the head written where the caller keeps it.
  ///
  /// - Parameters:
  ///   - bytes: as above.
  ///   - previouslyScanned: as above.
  ///   - requestMethod: as above.
  ///   - table: receives the fields; meaningful only if the head is whole.
  ///   - head: receives the rest; meaningful only if the head is whole.
  ///   - limits: as above.
  ///   - allowsUpgrade: as above.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer,
    previouslyScanned: Int,
    requestMethod: HTTPMethod,
    into table: inout HeadTable,
    _ head: inout ResponseHead,
    limits: HTTP1Limits,
    allowsUpgrade: Bool
  ) -> HeadProgress {
    guard let base = bytes.baseAddress, bytes.count > 0,
      HeadResumption.mustParse(bytes, previouslyScanned, limits)
    else { return .needMore }
    table.removeAll()
    var scanner = HeadScanner(base, count: bytes.count, limit: limits.head)
    var line = StatusLine()
    var step = line.parse(&scanner, limit: limits.requestLine)
    if step == .done && line.status == 101 && !allowsUpgrade {
      // RFC 9110 section 7.8: a server must not switch to a protocol that wasn't offered.
      step = scanner.fail(.unexpectedUpgrade, at: Int(line.statusRange.start))
    }
    if step == .done {
      var facts = HeadFacts(isResponse: true, limits: limits)
      step = FieldSection.parse(&scanner, &table, &facts, maximum: limits.fields)
      if step == .done {
        let error = finish(&line, requestMethod, scanner, &table, &facts, &head)
        if let error { return .failed(error) }
        return .whole
      }
    }
    if step == .needMore { return .needMore }
    return .failed(HTTP1Error(scanner.failure, at: scanner.failureOffset, isResponse: true))
  }

  /// Applies the rules that need the whole head, and writes what it says.
  ///
  /// What it reads is passed by address, since it is large; it changes table and head alone.
  @inline(__always)
  private static func finish(
    _ line: inout StatusLine,
    _ requestMethod: HTTPMethod,
    _ scanner: HeadScanner,
    _ table: inout HeadTable,
    _ facts: inout HeadFacts,
    _ head: inout ResponseHead
  ) -> HTTP1Error? {
    let framing: MessageFraming
    switch facts.responseFraming(
      minorVersion: line.minorVersion,
      status: line.status,
      requestMethod: requestMethod
    )
    {
    case .success(let chosen): framing = chosen
    case .failure(let kind):
      let offset =
        table.first(.transferEncoding).map { Int($0.value.start) } ?? scanner.position
      return HTTP1Error(kind, at: offset, isResponse: true)
    }
    facts.markNamedFields(scanner.base, &table)
    head.status = line.status
    head.statusRange = line.statusRange
    head.reason = line.reason
    head.minorVersion = line.minorVersion
    head.framing = framing
    head.isKeepAlive =
      facts.isKeepAlive(minorVersion: line.minorVersion) && framing != .untilClose
      && !announcesForbiddenBody(line.status, facts)
    head.contentKind = facts.contentKind
    head.isEncoded = facts.isEncoded
    head.keepAliveTimeoutSeconds = facts.keepAliveTimeoutSeconds
    head.keepAliveMax = facts.keepAliveMax
    head.retryAfterSeconds = facts.retryAfterSeconds
    head.length = scanner.position
    return nil
  }

  /// Whether a 1xx or 204 announces a body, against RFC 9110 section 8.6 and RFC 9112 section 6.1.
  ///
  /// It has none all the same, but a server that believes otherwise may send one: the connection
  /// can't be used again.
  @inline(__always)
  private static func announcesForbiddenBody(_ status: Int, _ facts: HeadFacts) -> Bool {
    (status < 200 || status == 204) && (facts.isChunked || facts.contentLength > 0)
  }
}
