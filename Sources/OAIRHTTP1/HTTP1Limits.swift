/// Every bound of the HTTP/1.1 layer.
///
/// A message that exceeds one is refused, never cut. The statuses are those for a request; a
/// response that exceeds one is a bad gateway.
public struct HTTP1Limits: Sendable, Equatable {
  /// Bytes of a request or response head, its empty last line included (beyond: 431).
  public var head = 64 * 1024
  /// Number of field lines in a head (beyond: 431).
  public var fields = 100
  /// Bytes of a request line or status line without its CRLF (beyond: 414).
  public var requestLine = 16 * 1024
  /// Bytes by which a body's chunk extensions may exceed its payload so far (beyond: 400).
  ///
  /// So also the most that a single size line may carry. Extensions are dropped unread: without
  /// this sum a peer could send them for ever and move no counter of payload.
  public var chunkExtensions = 16 * 1024
  /// Bytes of a trailer section, its empty last line not counted (beyond: 431).
  public var trailers = 16 * 1024
  /// Number of fields that `Connection` may name (beyond: 431).
  ///
  /// `close`, `keep-alive` and `upgrade` aren't counted. Each name is compared with every field of
  /// the head, so their number must not be the sender's choice.
  public var connectionOptions = 32

  /// Empty lines that are skipped before a request line.
  ///
  /// RFC 9112 section 2.2 asks for at least one; a bound keeps a peer from sending nothing else.
  public static var leadingEmptyLines: Int { 2 }
  /// Digits of a Content-Length, leading zeros included: those of the largest 64-bit number.
  public static var contentLengthDigits: Int { 19 }
  /// Digits of a chunk size, leading zeros included: those of the largest 64-bit number.
  public static var chunkSizeDigits: Int { 16 }
  /// Ceiling of the seconds read from `Retry-After` and `Keep-Alive`; larger ones are clamped.
  public static var seconds: Int { 999_999_999 }

  /// The defaults.
  public init() {}
}
