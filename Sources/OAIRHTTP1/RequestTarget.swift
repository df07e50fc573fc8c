/// A request target, taken apart (RFC 9112 section 3.2).
struct RequestTarget {
  var path: ByteRange
  var query: ByteRange
  /// The authority of an absolute-form; empty in the other forms.
  var authority: ByteRange
  /// Whether the scheme of an absolute-form is `https`.
  var isSecure: Bool

  /// The parts of no target.
  static var none: RequestTarget {
    RequestTarget(path: .empty, query: .empty, authority: .empty, isSecure: false)
  }

  private init(path: ByteRange, query: ByteRange, authority: ByteRange, isSecure: Bool) {
    self.path = path
    self.query = query
    self.authority = authority
    self.isSecure = isSecure
  }

  /// Takes a target apart; nil if it has none of the four forms.
  ///
  /// - Parameters:
  ///   - base: first byte of the head.
  ///   - start: where the target begins.
  ///   - end: where it ends; it holds visible ASCII other than `#` only.
  ///   - question: where its first `?` is, or `end`.
  ///   - method: two of the forms belong to one method each.
  @inline(__always)
  init?(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    question: Int,
    method: HTTPMethod
  ) {
    guard start < end else { return nil }
    // origin-form, RFC 9112 section 3.2.1.
    if ByteScan.byte(base, start) == 0x2F && method != .connect {
      self.init(
        path: ByteRange(within: start, question),
        query: ByteRange(within: min(question &+ 1, end), end),
        authority: .empty,
        isSecure: false
      )
      return
    }
    self.init(unusual: base, start, end, question: question, method: method)
  }

  private init?(
    unusual base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int,
    question: Int,
    method: HTTPMethod
  ) {
    path = ByteRange(within: start, start)
    query = ByteRange(within: end, end)
    authority = .empty
    isSecure = false
    if method == .connect {
      // authority-form, RFC 9112 section 3.2.3: host and port, both mandatory.
      guard Authority.isValid(base, start, end, readable: end, needsPort: true) else { return nil }
      authority = ByteRange(within: start, end)
      return
    }
    if ByteScan.byte(base, start) == 0x2A {
      // asterisk-form, RFC 9112 section 3.2.4: for OPTIONS only.
      guard end &- start == 1 && method == .options else { return nil }
      path = ByteRange(within: start, end)
      return
    }
    // absolute-form, RFC 9112 section 3.2.2.
    guard let authorityStart = Self.endOfScheme(base, start, end) else { return nil }
    isSecure = authorityStart &- start == 8
    var authorityEnd = authorityStart
    while authorityEnd < question, ByteScan.byte(base, authorityEnd) != 0x2F {
      authorityEnd &+= 1
    }
    guard Authority.isValid(base, authorityStart, authorityEnd, readable: end) else { return nil }
    authority = ByteRange(within: authorityStart, authorityEnd)
    // An empty path stands for "/" (RFC 9110 section 4.2.3); the last slash of "http://" is one
    // that a range can point at.
    path =
      authorityEnd < question
      ? ByteRange(within: authorityEnd, question)
      : ByteRange(within: authorityStart &- 1, authorityStart)
    query = ByteRange(within: min(question &+ 1, end), end)
  }

  /// Where the authority begins behind `http://` or `https://` (RFC 3986 section 3.1: a scheme's
  /// case doesn't matter); nil for other schemes.
  private static func endOfScheme(
    _ base: UnsafeRawPointer,
    _ start: Int,
    _ end: Int
  ) -> Int? {
    let count = end &- start
    if count >= 7, CaseFold.hasPrefix(base + start, "http://") { return start &+ 7 }
    if count >= 8, CaseFold.hasPrefix(base + start, "https://") { return start &+ 8 }
    return nil
  }
}
