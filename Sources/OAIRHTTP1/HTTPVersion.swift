/// The version of a message (RFC 9112 section 2.3): `HTTP/` DIGIT `.` DIGIT, in capitals.
enum HTTPVersion {
  /// Parses the version at the scanner's position and moves behind it.
  ///
  /// - Parameters:
  ///   - scanner: stands at the `H`.
  ///   - minor: receives the minor version.
  ///   - malformed: the failure if something else than a version is there.
  @inline(__always)
  static func parse(
    _ scanner: inout HeadScanner,
    _ minor: inout UInt8,
    else malformed: HTTP1Error.Kind
  ) -> ParseStep {
    // "HTTP/1.1", first byte lowest.
    if scanner.end &- scanner.position >= 8,
      ByteScan.word(scanner.base, scanner.position) == 0x312E_312F_5054_5448
    {
      minor = 1
      scanner.position &+= 8
      return .done
    }
    return parseOther(&scanner, &minor, else: malformed)
  }

  /// Byte by byte, so that what can't become a version is refused as soon as it shows.
  private static func parseOther(
    _ scanner: inout HeadScanner,
    _ minor: inout UInt8,
    else malformed: HTTP1Error.Kind
  ) -> ParseStep {
    let start = scanner.position
    let pattern: StaticString = "HTTP/1.1"
    for index in 0..<8 {
      let offset = start &+ index
      guard offset < scanner.end else { return scanner.ranOut() }
      let byte = scanner.byte(offset)
      let expected = pattern.utf8Start[index]
      if byte == ByteClass.lineFeed { return scanner.fail(.bareLineFeed, at: offset) }
      let isValid = expected == 0x31 ? ByteClass.isDigit(byte) : byte == expected
      guard isValid else {
        return scanner.fail(byte <= ByteClass.space ? malformed : .invalidVersion, at: offset)
      }
    }
    // RFC 9110 section 15.6.6: 505 for a major version that isn't spoken.
    guard scanner.byte(start &+ 5) == 0x31 else {
      return scanner.fail(.unsupportedVersion, at: start)
    }
    minor = scanner.byte(start &+ 7) &- 0x30
    scanner.position = start &+ 8
    return .done
  }
}
