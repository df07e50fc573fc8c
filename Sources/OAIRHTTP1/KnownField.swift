/// The fields that the router acts on, recognised while a head is parsed.
public enum KnownField: UInt8, Sendable {
  /// Any field that is not in this list.
  case other = 0
  /// The fields by their registered names.
  case host, contentLength, transferEncoding, connection, keepAlive, proxyConnection
  case proxyAuthenticate, proxyAuthorization, te, trailer, upgrade, expect, contentType
  case contentEncoding, authorization, via, xForwardedFor, xForwardedProto, xForwardedHost
  case xRequestID, origin, date, server, retryAfter, xAccelBuffering, accept, acceptEncoding
  // With `other` they are 32: `bit` has no room for more.
  case userAgent, cookie, location, xAPIKey

  /// Bytes of the longest of these names and the colon behind it.
  static var longestNameAndColon: Int { 20 }

  /// Recognises a field name, in any case (RFC 9110 section 5.1).
  ///
  /// - Parameters:
  ///   - base: first byte of the name.
  ///   - count: its length in bytes, all of which are readable; 1 or more.
  init(_ base: UnsafeRawPointer, count: Int) {
    self = Self.named(initial: ByteScan.byte(base, 0)) { name in
      CaseFold.equals(base, count: count, name)
    }
  }

  /// Recognises the name that a field line begins with, which needs no search for its end.
  ///
  /// - Parameters:
  ///   - base: first byte of the line; `longestNameAndColon` bytes are readable.
  ///   - count: receives the length of the name, behind which there is a colon; unchanged if the
  ///     name is none of these.
  @inline(__always)
  init(lineAt base: UnsafeRawPointer, count: inout Int) {
    self = Self.named(initial: ByteScan.byte(base, 0)) { name in
      guard CaseFold.hasPrefix(base, name),
        ByteScan.byte(base, name.utf8CodeUnitCount) == ByteClass.colon
      else { return false }
      count = name.utf8CodeUnitCount
      return true
    }
  }

  /// Whether RFC 9110 section 7.6.1 or RFC 9112 make it belong to one connection only.
  public var isHopByHop: Bool { bit & Self.hopByHop != 0 }

  /// Its bit in a set of known fields, such as `hopByHop`.
  @inlinable @inline(__always)
  public var bit: UInt32 { 1 &<< UInt32(rawValue) }

  /// The bits of those that are `isHopByHop`.
  @inlinable @inline(__always)
  public static var hopByHop: UInt32 {
    connection.bit | keepAlive.bit | proxyConnection.bit | proxyAuthenticate.bit
      | proxyAuthorization.bit | te.bit | trailer.bit | transferEncoding.bit | upgrade.bit
  }

  /// Whether `HeadFacts` looks at its value.
  @inline(__always)
  var affectsMessage: Bool {
    switch self {
    case .host, .contentLength, .transferEncoding, .connection, .keepAlive, .upgrade, .expect,
      .contentType, .contentEncoding, .retryAfter:
      true
    default: false
    }
  }

  /// Whether `Connection` may not take it away: it delimits or directs the message (a sender that
  /// names these tries to make the next hop see another message than we do).
  var isProtectedFromConnection: Bool {
    self == .host || self == .contentLength || self == .transferEncoding
  }

  /// The field of a name, by its first letter.
  ///
  /// - Parameters:
  ///   - initial: the name's first byte.
  ///   - isNamed: whether the name is a text, which is in lower case.
  @inline(__always)
  private static func named(initial: UInt8, _ isNamed: (StaticString) -> Bool) -> KnownField {
    switch initial | 0x20 {
    case UInt8(ascii: "a"):
      if isNamed("accept") { return .accept }
      if isNamed("authorization") { return .authorization }
      if isNamed("accept-encoding") { return .acceptEncoding }
    case UInt8(ascii: "c"):
      if isNamed("content-type") { return .contentType }
      if isNamed("content-length") { return .contentLength }
      if isNamed("connection") { return .connection }
      if isNamed("cookie") { return .cookie }
      if isNamed("content-encoding") { return .contentEncoding }
    case UInt8(ascii: "d"):
      if isNamed("date") { return .date }
    case UInt8(ascii: "e"):
      if isNamed("expect") { return .expect }
    case UInt8(ascii: "h"):
      if isNamed("host") { return .host }
    case UInt8(ascii: "k"):
      if isNamed("keep-alive") { return .keepAlive }
    case UInt8(ascii: "l"):
      if isNamed("location") { return .location }
    case UInt8(ascii: "o"):
      if isNamed("origin") { return .origin }
    case UInt8(ascii: "p"): return proxyField(isNamed)
    case UInt8(ascii: "r"):
      if isNamed("retry-after") { return .retryAfter }
    case UInt8(ascii: "s"):
      if isNamed("server") { return .server }
    case UInt8(ascii: "t"):
      if isNamed("transfer-encoding") { return .transferEncoding }
      if isNamed("te") { return .te }
      if isNamed("trailer") { return .trailer }
    case UInt8(ascii: "u"):
      if isNamed("user-agent") { return .userAgent }
      if isNamed("upgrade") { return .upgrade }
    case UInt8(ascii: "v"):
      if isNamed("via") { return .via }
    case UInt8(ascii: "x"): return extensionField(isNamed)
    default: break
    }
    return .other
  }

  @inline(__always)
  private static func proxyField(_ isNamed: (StaticString) -> Bool) -> KnownField {
    if isNamed("proxy-connection") { return .proxyConnection }
    if isNamed("proxy-authenticate") { return .proxyAuthenticate }
    return isNamed("proxy-authorization") ? .proxyAuthorization : .other
  }

  @inline(__always)
  private static func extensionField(_ isNamed: (StaticString) -> Bool) -> KnownField {
    if isNamed("x-request-id") { return .xRequestID }
    if isNamed("x-forwarded-for") { return .xForwardedFor }
    if isNamed("x-forwarded-host") { return .xForwardedHost }
    if isNamed("x-forwarded-proto") { return .xForwardedProto }
    if isNamed("x-api-key") { return .xAPIKey }
    return isNamed("x-accel-buffering") ? .xAccelBuffering : .other
  }
}
