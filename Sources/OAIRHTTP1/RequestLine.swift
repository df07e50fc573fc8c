import Glibc

/// A request line (RFC 9112 section 3): `method SP request-target SP HTTP-version CRLF`.
struct RequestLine {
  var method = HTTPMethod.other
  var methodRange = ByteRange.empty
  var target = ByteRange.empty
  var form = RequestTarget.none
  var minorVersion: UInt8 = 0

  /// Parses the line at the start of the head, behind empty lines if there are any.
  ///
  /// - Parameters:
  ///   - scanner: stands at the first byte; behind the line's CRLF afterwards.
  ///   - limit: bytes that the line may have without its CRLF.
  mutating func parse(_ scanner: inout HeadScanner, limit: Int) -> ParseStep {
    if scanner.position >= scanner.end || scanner.byte(scanner.position) <= ByteClass.space {
      let skipped = Self.skipEmptyLines(&scanner)
      guard skipped == .done else { return skipped }
    }
    scanner.enterLine(limit: limit)
    var step = parseMethod(&scanner)
    if step == .done { step = parseTarget(&scanner) }
    if step == .done {
      step = HTTPVersion.parse(&scanner, &minorVersion, else: .malformedRequestLine)
    }
    if step == .done { step = scanner.lineEnd(else: .malformedRequestLine) }
    scanner.leaveLine()
    return step
  }

  /// RFC 9112 section 2.2: at least one empty line before a request should be ignored.
  private static func skipEmptyLines(_ scanner: inout HeadScanner) -> ParseStep {
    var lines = 0
    while scanner.position < scanner.end, scanner.byte(scanner.position) <= 0x20,
      lines < HTTP1Limits.leadingEmptyLines
    {
      let step = scanner.lineEnd(else: .malformedRequestLine)
      guard step == .done else { return step }
      lines &+= 1
    }
    return scanner.position < scanner.end ? .done : scanner.ranOut()
  }

  @inline(__always)
  private mutating func parseMethod(_ scanner: inout HeadScanner) -> ParseStep {
    let start = scanner.position
    // "POST", then a space: nearly all requests.
    if scanner.end &- start >= 8, ByteScan.halfWord(scanner.base, start) == 0x5453_4F50,
      scanner.byte(start &+ 4) == ByteClass.space
    {
      method = .post
      methodRange = ByteRange(within: start, start &+ 4)
      scanner.position = start &+ 5
      return .done
    }
    return parseAnyMethod(&scanner)
  }

  private mutating func parseAnyMethod(_ scanner: inout HeadScanner) -> ParseStep {
    let start = scanner.position
    let end = ByteScan.endOfToken(scanner.base, start, scanner.end)
    guard end < scanner.end else { return scanner.ranOut() }
    guard scanner.byte(end) == ByteClass.space && end > start else {
      return refuseMethod(&scanner, start, end)
    }
    let count = end &- start
    method = HTTPMethod(scanner.base + start, count: count)
    methodRange = ByteRange(within: start, end)
    // RFC 9113 section 3.4: the preface of HTTP/2 is made to fail here.
    if method == .other && count == 3 && memcmp(scanner.base + start, "PRI", 3) == 0 {
      return scanner.fail(.http2Preface, at: start)
    }
    scanner.position = end &+ 1
    return .done
  }

  private func refuseMethod(
    _ scanner: inout HeadScanner,
    _ start: Int,
    _ end: Int
  ) -> ParseStep {
    scanner.position = end
    switch scanner.byte(end) {
    case ByteClass.carriageReturn, ByteClass.lineFeed:
      let step = scanner.lineEnd(else: .malformedRequestLine)
      return step == .done ? scanner.fail(.malformedRequestLine, at: end) : step
    default: return scanner.fail(.invalidMethod, at: end)
    }
  }

  @inline(__always)
  private mutating func parseTarget(_ scanner: inout HeadScanner) -> ParseStep {
    let start = scanner.position
    var end = ByteScan.endOfTargetPart(scanner.base, start, scanner.end)
    var question = -1
    while end < scanner.end, scanner.byte(end) == 0x3F {
      if question < 0 { question = end }
      end = ByteScan.endOfTargetPart(scanner.base, end &+ 1, scanner.end)
    }
    guard end < scanner.end else { return scanner.ranOut() }
    guard scanner.byte(end) == ByteClass.space else { return refuseTarget(&scanner, end) }
    guard
      let form = RequestTarget(
        scanner.base,
        start,
        end,
        question: question < 0 ? end : question,
        method: method
      )
    else { return scanner.fail(.invalidTarget, at: start) }
    self.form = form
    target = ByteRange(within: start, end)
    scanner.position = end &+ 1
    return .done
  }

  private func refuseTarget(_ scanner: inout HeadScanner, _ end: Int) -> ParseStep {
    switch scanner.byte(end) {
    // RFC 9112 section 3.2: no form of the target has a fragment.
    case 0x23: return scanner.fail(.fragmentInTarget, at: end)
    case ByteClass.lineFeed: return scanner.fail(.bareLineFeed, at: end)
    // `GET /` alone: HTTP/0.9.
    case ByteClass.carriageReturn: return scanner.fail(.malformedRequestLine, at: end)
    // RFC 9112 section 3.2: an invalid request line must not be repaired by re-encoding.
    default: return scanner.fail(.invalidTarget, at: end)
    }
  }
}
