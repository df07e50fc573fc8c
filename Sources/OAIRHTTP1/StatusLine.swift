/// A status line (RFC 9112 section 4): `HTTP-version SP status-code SP [ reason-phrase ] CRLF`.
struct StatusLine {
  var status = 0
  var statusRange = ByteRange.empty
  var reason = ByteRange.empty
  var minorVersion: UInt8 = 0

  /// Parses the line at the start of the head.
  ///
  /// - Parameters:
  ///   - scanner: stands at the first byte; behind the line's CRLF afterwards.
  ///   - limit: bytes that the line may have without its CRLF.
  @inline(__always)
  mutating func parse(_ scanner: inout HeadScanner, limit: Int) -> ParseStep {
    scanner.enterLine(limit: limit)
    var step = HTTPVersion.parse(&scanner, &minorVersion, else: .malformedStatusLine)
    if step == .done, !takeUsualStatus(&scanner) { step = parseStatus(&scanner) }
    if step == .done { step = parseReason(&scanner) }
    scanner.leaveLine()
    return step
  }

  /// Takes a space and three digits that are a status, if they stand there; else false, and what is
  /// wrong with them is for `parseStatus` to find.
  @inline(__always)
  private mutating func takeUsualStatus(_ scanner: inout HeadScanner) -> Bool {
    let start = scanner.position
    guard scanner.end &- start >= 4 else { return false }
    // The space lowest.
    let text = ByteScan.halfWord(scanner.base, start)
    let hundreds = (text &>> 8 & 0xFF) &- 0x30
    let tens = (text &>> 16 & 0xFF) &- 0x30
    let ones = (text &>> 24) &- 0x30
    guard text & 0xFF == 0x20, hundreds &- 1 < 5, tens < 10, ones < 10 else { return false }
    status = Int(hundreds &* 100 &+ tens &* 10 &+ ones)
    statusRange = ByteRange(within: start &+ 1, start &+ 4)
    scanner.position = start &+ 4
    return true
  }

  private mutating func parseStatus(_ scanner: inout HeadScanner) -> ParseStep {
    let start = scanner.position
    for index in 0..<4 {
      let offset = start &+ index
      guard offset < scanner.end else { return scanner.ranOut() }
      let byte = scanner.byte(offset)
      let isValid = index == 0 ? byte == ByteClass.space : ByteClass.isDigit(byte)
      guard isValid else { return scanner.fail(.malformedStatusLine, at: offset) }
      if index > 0 { status = status &* 10 &+ Int(byte &- 0x30) }
    }
    // RFC 9110 section 15: a status code is within 100 ... 599.
    guard status >= 100 && status < 600 else {
      return scanner.fail(.malformedStatusLine, at: start &+ 1)
    }
    statusRange = ByteRange(within: start &+ 1, start &+ 4)
    scanner.position = start &+ 4
    return .done
  }

  @inline(__always)
  private mutating func parseReason(_ scanner: inout HeadScanner) -> ParseStep {
    guard scanner.position < scanner.end else { return scanner.ranOut() }
    // The space is mandatory even before an empty reason, but servers forget it; nothing can be
    // misread for want of it.
    let separator = scanner.byte(scanner.position)
    if separator == ByteClass.space {
      scanner.position &+= 1
    } else if separator != ByteClass.carriageReturn && separator != ByteClass.lineFeed {
      return scanner.fail(.malformedStatusLine, at: scanner.position)
    }
    let start = scanner.position
    let end = ByteScan.firstControl(scanner.base, start, scanner.end)
    reason = ByteRange(within: start, end)
    scanner.position = end
    return scanner.lineEnd(else: .malformedStatusLine)
  }
}
