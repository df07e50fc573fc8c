/// Checks of `host [ ":" port ]`, as in a Host field or the authority of a target.
enum Authority {
  /// Whether the bytes are a host that is not empty, optionally with a port.
  ///
  /// Userinfo is refused (RFC 9110 section 4.2.4), an empty host too (section 4.2.1). An address
  /// in brackets is checked for its bytes only: it is compared and forwarded, never connected to.
  ///
  /// - Parameters:
  ///   - base: first byte of the head.
  ///   - start: where the authority begins.
  ///   - end: where it ends.
  ///   - readable: where the bytes that may be read end, `end` or more: the scan for its end is
  ///     faster with room behind it. The byte at `end`, if there is one, can't belong to a host.
  ///   - needsPort: whether the port is mandatory, as it is for CONNECT.
  static func isValid(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    readable: Int,
    needsPort: Bool = false
  ) -> Bool {
    guard start < end else { return false }
    let hostEnd =
      ByteScan.byte(base, start) == 0x5B
      ? endOfBracketed(base, start, end) : endOfRegName(base, start, end, readable)
    guard hostEnd > start else { return false }
    if hostEnd == end { return !needsPort }
    guard ByteScan.byte(base, hostEnd) == ByteClass.colon else { return false }
    return isPort(base, hostEnd &+ 1, end, mayBeEmpty: !needsPort)
  }

  /// Where the authority ends if the scheme's default port, which says nothing, is dropped.
  ///
  /// - Parameter isSecure: whether the scheme is `https`.
  static func endWithoutDefaultPort(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    isSecure: Bool
  ) -> Int {
    // RFC 9110 section 4.2.3: an empty port and the default port are equivalent to none.
    if end &- start > 1, ByteScan.byte(base, end &- 1) == ByteClass.colon { return end &- 1 }
    let suffix: StaticString = isSecure ? ":443" : ":80"
    let count = suffix.utf8CodeUnitCount
    guard end &- start > count, CaseFold.hasPrefix(base + (end &- count), suffix) else {
      return end
    }
    return end &- count
  }

  /// `reg-name` or IPv4address (RFC 3986 section 3.2.2).
  private static func endOfRegName(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    _ readable: Int
  ) -> Int {
    var index = start
    while true {
      index = min(ByteScan.firstUncommon(base, index, readable), end)
      guard index < end, ByteScan.byte(base, index) != ByteClass.colon,
        ByteClass.isRegName(ByteScan.byte(base, index))
      else { return index }
      index &+= 1
    }
  }

  /// `"[" IPv6address "]"` (RFC 3986 section 3.2.2); `start` itself if it isn't closed or holds
  /// anything but hexadecimal digits, colons and dots.
  private static func endOfBracketed(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int {
    var index = start &+ 1
    var colons = 0
    while index < end {
      let byte = ByteScan.byte(base, index)
      if byte == 0x5D { return colons >= 2 ? index &+ 1 : start }
      if byte == ByteClass.colon {
        colons &+= 1
      } else if ByteClass.hexValue(byte) == nil && byte != 0x2E {
        return start
      }
      index &+= 1
    }
    return start
  }

  private static func isPort(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    mayBeEmpty: Bool
  ) -> Bool {
    guard start < end else { return mayBeEmpty }
    guard end &- start <= 5 else { return false }
    var port = 0
    for index in start..<end {
      let digit = ByteScan.byte(base, index) &- 0x30
      guard digit < 10 else { return false }
      port = port &* 10 &+ Int(digit)
    }
    return port <= 65_535
  }
}
