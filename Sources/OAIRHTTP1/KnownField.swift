/// The fields that the router acts on, recognised while a head is parsed.
public enum KnownField: UInt8, Sendable {
  /// Any field that is not in this list.
  case other = 0
  /// The fields by their registered names.
  case host, contentLength, transferEncoding, connection, keepAlive, proxyConnection
  case proxyAuthenticate, proxyAuthorization, te, trailer, upgrade, expect, contentType
  case contentEncoding, authorization, via, xForwardedFor, xForwardedProto, xForwardedHost
  case xRequestID, origin, date, server, retryAfter, xAccelBuffering, accept, acceptEncoding
  case userAgent, cookie, location, xAPIKey

  /// Recognises a field name, in any case (RFC 9110 section 5.1), by its length first.
  ///
  /// - Parameters:
  ///   - base: first byte of the name.
  ///   - count: its length in bytes, all of which are readable.
  @inline(__always)
  init(_ base: UnsafeRawPointer, count: Int) {
    switch count {
    case 2...8: self = Self.short(base, count)
    case 9...19: self = Self.long(base, count)
    default: self = .other
    }
  }

  /// Whether RFC 9110 section 7.6.1 or RFC 9112 make it belong to one connection only.
  public var isHopByHop: Bool {
    switch self {
    case .connection, .keepAlive, .proxyConnection, .proxyAuthenticate, .proxyAuthorization, .te,
      .trailer, .transferEncoding, .upgrade:
      true
    default: false
    }
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

  private static func short(_ base: UnsafeRawPointer, _ count: Int) -> KnownField {
    switch count {
    case 2:
      if CaseFold.hasPrefix(base, "te") { return .te }
    case 3:
      if CaseFold.hasPrefix(base, "via") { return .via }
    case 4:
      if CaseFold.hasPrefix(base, "host") { return .host }
      if CaseFold.hasPrefix(base, "date") { return .date }
    case 6:
      if CaseFold.hasPrefix(base, "accept") { return .accept }
      if CaseFold.hasPrefix(base, "server") { return .server }
      if CaseFold.hasPrefix(base, "origin") { return .origin }
      if CaseFold.hasPrefix(base, "cookie") { return .cookie }
      if CaseFold.hasPrefix(base, "expect") { return .expect }
    case 7:
      if CaseFold.hasPrefix(base, "trailer") { return .trailer }
      if CaseFold.hasPrefix(base, "upgrade") { return .upgrade }
    case 8:
      if CaseFold.hasPrefix(base, "location") { return .location }
    default: break
    }
    return .other
  }

  private static func long(_ base: UnsafeRawPointer, _ count: Int) -> KnownField {
    switch count {
    case 9:
      if CaseFold.hasPrefix(base, "x-api-key") { return .xAPIKey }
    case 10:
      if CaseFold.hasPrefix(base, "connection") { return .connection }
      if CaseFold.hasPrefix(base, "user-agent") { return .userAgent }
      if CaseFold.hasPrefix(base, "keep-alive") { return .keepAlive }
    case 11:
      if CaseFold.hasPrefix(base, "retry-after") { return .retryAfter }
    case 12:
      if CaseFold.hasPrefix(base, "content-type") { return .contentType }
      if CaseFold.hasPrefix(base, "x-request-id") { return .xRequestID }
    case 13:
      if CaseFold.hasPrefix(base, "authorization") { return .authorization }
    case 14:
      if CaseFold.hasPrefix(base, "content-length") { return .contentLength }
    case 15:
      if CaseFold.hasPrefix(base, "accept-encoding") { return .acceptEncoding }
      if CaseFold.hasPrefix(base, "x-forwarded-for") { return .xForwardedFor }
    case 16:
      if CaseFold.hasPrefix(base, "content-encoding") { return .contentEncoding }
      if CaseFold.hasPrefix(base, "x-forwarded-host") { return .xForwardedHost }
      if CaseFold.hasPrefix(base, "proxy-connection") { return .proxyConnection }
    case 17:
      if CaseFold.hasPrefix(base, "transfer-encoding") { return .transferEncoding }
      if CaseFold.hasPrefix(base, "x-forwarded-proto") { return .xForwardedProto }
      if CaseFold.hasPrefix(base, "x-accel-buffering") { return .xAccelBuffering }
    case 18:
      if CaseFold.hasPrefix(base, "proxy-authenticate") { return .proxyAuthenticate }
    case 19:
      if CaseFold.hasPrefix(base, "proxy-authorization") { return .proxyAuthorization }
    default: break
    }
    return .other
  }
}
