/// What the fields seen so far say about the message; gathered in the pass that parses them.
///
/// A local of the parse functions; copied into the head that they return.
struct HeadFacts {
  /// What becomes of a field once its meaning is known.
  enum Verdict {
    /// It belongs in the table.
    case keep
    /// It repeats what the table already says, and is left out of it.
    case leaveOut
    /// The message must be refused.
    case refuse(HTTP1Error.Kind)
  }

  let isResponse: Bool
  let maximumConnectionOptions: Int

  /// -1 while there is none.
  var contentLength = -1
  var isChunked = false
  var host = ByteRange.empty
  /// -1 while there is none; then where the Host field's value begins.
  var hostOffset = -1
  var saysClose = false
  var saysKeepAlive = false
  var saysUpgrade = false
  /// Fields that `Connection` names, `close`, `keep-alive` and `upgrade` aside.
  var connectionOptions = 0
  var expectsContinue = false
  var offersWebSocket = false
  var offersOtherUpgrade = false
  var contentKind = ContentKind.none
  var isEncoded = false
  var keepAliveTimeoutSeconds: Int?
  var keepAliveMax: Int?
  var retryAfterSeconds: Int?

  @inline(__always)
  init(isResponse: Bool, limits: HTTP1Limits) {
    self.isResponse = isResponse
    maximumConnectionOptions = limits.connectionOptions
  }

  /// Takes in one field.
  ///
  /// - Parameters:
  ///   - known: which field it is; not `other`.
  ///   - base: first byte of the head.
  ///   - start: where the trimmed value begins.
  ///   - end: where it ends; at least CR LF follows.
  ///   - readable: where the bytes that may be read end.
  mutating func absorb(
    _ known: KnownField,
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    readable: Int
  ) -> Verdict {
    switch known {
    case .host: return isResponse ? .keep : absorbHost(base, start, end, readable)
    case .contentLength: return absorbContentLength(base, start, end)
    case .transferEncoding: return absorbTransferEncoding(base, start, end)
    case .connection: return absorbConnection(base, start, end)
    case .upgrade: absorbUpgrade(base, start, end)
    case .expect: return isResponse ? .keep : absorbExpect(base, start, end)
    case .contentType:
      // Of several, a form's is the one to be told of: whoever reads another one reads no form.
      if contentKind != .multipart { contentKind = ContentKind(base + start, count: end &- start) }
    case .contentEncoding: absorbContentEncoding(base, start, end)
    case .keepAlive: if isResponse { absorbKeepAlive(base, start, end) }
    case .retryAfter:
      if isResponse { retryAfterSeconds = FieldNumber.seconds(base, start, end) }
    default: break
    }
    return .keep
  }

  /// Whether the connection outlives this message (RFC 9112 section 9.3); `close` wins.
  func isKeepAlive(minorVersion: UInt8) -> Bool {
    !saysClose && (minorVersion >= 1 || saysKeepAlive)
  }

  // MARK: - Framing

  private mutating func absorbHost(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    _ readable: Int
  ) -> Verdict {
    // RFC 9112 section 3.2: more than one Host, or an invalid one, must be answered with 400.
    guard hostOffset < 0 else { return .refuse(.duplicateHost) }
    guard Authority.isValid(base, start, end, readable: readable) else {
      return .refuse(.invalidHost)
    }
    host = ByteRange(within: start, end)
    hostOffset = start
    return .keep
  }

  private mutating func absorbContentLength(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int
  ) -> Verdict {
    guard let length = FieldNumber.contentLength(base, start, end) else {
      return .refuse(.invalidContentLength)
    }
    guard contentLength >= 0 else {
      contentLength = length
      return .keep
    }
    // RFC 9110 section 8.6: equal duplicates may be replaced by a single field, which is what
    // leaving the second one out of the table does; different ones make the framing ambiguous.
    return contentLength == length ? .leaveOut : .refuse(.conflictingContentLength)
  }

  private mutating func absorbTransferEncoding(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int
  ) -> Verdict {
    let isChunkedAlone = CaseFold.equals(base + start, count: end &- start, "chunked")
    guard isChunkedAlone && !isChunked else {
      return .refuse(isChunked ? .invalidTransferEncoding : Self.refusal(base, start, end))
    }
    isChunked = true
    return .keep
  }

  /// RFC 9112 section 6.1: codings that we don't know, with `chunked` applied last and only once,
  /// are unsupported (501); any other order has no reliable length (section 6.3, rule 4: 400).
  private static func refusal(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int
  ) -> HTTP1Error.Kind {
    var codings = FieldList(base, start, end)
    var isChunkedLast = false
    while let coding = codings.next() {
      if isChunkedLast { return .invalidTransferEncoding }
      let count = coding.end &- coding.start
      isChunkedLast = CaseFold.equals(base + coding.start, count: count, "chunked")
      let tokenEnd = ByteScan.endOfToken(base, coding.start, coding.end)
      if tokenEnd < coding.end { return .invalidTransferEncoding }
    }
    return isChunkedLast ? .unsupportedTransferEncoding : .invalidTransferEncoding
  }

  // MARK: - Connection

  private mutating func absorbConnection(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int
  ) -> Verdict {
    // Nearly always the one option, so this spares the walk.
    if CaseFold.equals(base + start, count: end &- start, "keep-alive") {
      saysKeepAlive = true
      return .keep
    }
    var options = FieldList(base, start, end)
    while let option = options.next() {
      let count = option.end &- option.start
      switch ConnectionOption(base + option.start, count: count) {
      case .close: saysClose = true
      case .keepAlive: saysKeepAlive = true
      case .upgrade: saysUpgrade = true
      case .fieldName:
        connectionOptions &+= 1
        guard connectionOptions <= maximumConnectionOptions else {
          return .refuse(.tooManyConnectionOptions)
        }
      }
    }
    return .keep
  }

  /// Marks the fields that the message's `Connection` fields name; called once, behind the last.
  @inline(__always)
  func markNamedFields(_ base: UnsafeRawPointer, _ table: inout HeadTable) {
    if connectionOptions > 0 { Self.markNamed(base, &table) }
  }

  private static func markNamed(_ base: UnsafeRawPointer, _ table: inout HeadTable) {
    for index in 0..<table.count where table[index].known == .connection {
      let value = table[index].value
      var options = FieldList(base, Int(value.start), Int(value.end))
      while let option = options.next() {
        let count = option.end &- option.start
        guard ConnectionOption(base + option.start, count: count) == .fieldName else { continue }
        table.markNamedByConnection(base, base + option.start, count: count)
      }
    }
  }

  private mutating func absorbUpgrade(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) {
    var protocols = FieldList(base, start, end)
    while let name = protocols.next() {
      if CaseFold.equals(base + name.start, count: name.end &- name.start, "websocket") {
        offersWebSocket = true
      } else {
        offersOtherUpgrade = true
      }
    }
  }

  /// RFC 9112 section 9.3 leaves the parameters of `Keep-Alive` to RFC 2068 section 19.7.1.1;
  /// servers send `timeout=5, max=100`.
  private mutating func absorbKeepAlive(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) {
    var parameters = FieldList(base, start, end)
    while let parameter = parameters.next() {
      let (first, last) = parameter
      let count = last &- first
      if count > 8, CaseFold.hasPrefix(base + first, "timeout=") {
        keepAliveTimeoutSeconds = FieldNumber.seconds(base, first &+ 8, last)
      } else if count > 4, CaseFold.hasPrefix(base + first, "max=") {
        keepAliveMax = FieldNumber.seconds(base, first &+ 4, last)
      }
    }
  }

  // MARK: - Content

  private mutating func absorbExpect(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int
  ) -> Verdict {
    // RFC 9110 section 10.1.1: 417 for an expectation that we can't meet.
    guard CaseFold.equals(base + start, count: end &- start, "100-continue") else {
      return .refuse(.unsupportedExpectation)
    }
    expectsContinue = true
    return .keep
  }

  private mutating func absorbContentEncoding(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) {
    var codings = FieldList(base, start, end)
    while let coding = codings.next() {
      // RFC 9110 section 8.4.1: `identity` means no encoding, though it should not be sent.
      let count = coding.end &- coding.start
      if !CaseFold.equals(base + coding.start, count: count, "identity") { isEncoded = true }
    }
  }
}
