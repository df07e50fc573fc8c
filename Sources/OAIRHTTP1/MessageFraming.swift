/// How the end of a message's body is found (RFC 9112 section 6.3).
public enum MessageFraming: Equatable, Sendable {
  /// There is no body.
  case none
  /// The body has this many bytes.
  case length(Int)
  /// The body is sent in chunks.
  case chunked
  /// The body ends where the connection does; responses only.
  case untilClose
}

// Facts are large: inlined, what reads them costs no copy.
extension HeadFacts {
  /// Chooses the framing of a request.
  ///
  /// - Parameter minorVersion: the minor version of HTTP/1.
  /// - Returns: the framing, or the rule that the head breaks.
  @inline(__always)
  func requestFraming(minorVersion: UInt8) -> Result<MessageFraming, HTTP1Error.Kind> {
    if let broken = brokenFramingRule(minorVersion: minorVersion) { return .failure(broken) }
    // RFC 9112 section 6.3, rules 4, 6 and 7.
    if isChunked { return .success(.chunked) }
    if contentLength >= 0 { return .success(.length(contentLength)) }
    return .success(.none)
  }

  /// Chooses the framing of a response.
  ///
  /// - Parameters:
  ///   - minorVersion: the minor version of HTTP/1.
  ///   - status: the status code, 100 ... 599.
  ///   - requestMethod: the method of the request that is answered.
  /// - Returns: the framing, or the rule that the head breaks.
  @inline(__always)
  func responseFraming(
    minorVersion: UInt8,
    status: Int,
    requestMethod: HTTPMethod
  ) -> Result<MessageFraming, HTTP1Error.Kind> {
    if let broken = brokenFramingRule(minorVersion: minorVersion) { return .failure(broken) }
    // RFC 9112 section 6.3, rule 1: these end with their head, whatever fields they have.
    if requestMethod == .head || Self.isBodiless(status: status) { return .success(.none) }
    // Rules 4, 6 and 8.
    if isChunked { return .success(.chunked) }
    if contentLength >= 0 { return .success(.length(contentLength)) }
    return .success(.untilClose)
  }

  /// Whether responses of this status never have a body (RFC 9110 sections 15.2, 15.3.5, 15.4.5).
  static func isBodiless(status: Int) -> Bool { status < 200 || status == 204 || status == 304 }

  @inline(__always)
  private func brokenFramingRule(minorVersion: UInt8) -> HTTP1Error.Kind? {
    guard isChunked else { return nil }
    // RFC 9112 section 6.1: a peer of version 1.0 doesn't know the field; one that passes it on
    // has forwarded a message whose framing it didn't understand.
    if minorVersion == 0 { return .transferEncodingInHTTP10 }
    // RFC 9112 section 6.3, rule 3: an attempt at request smuggling or response splitting.
    return contentLength >= 0 ? .lengthAndTransferEncoding : nil
  }
}
