/// The head of a response that passed every check.
///
/// Ranges are offsets from the first byte that was parsed.
public struct ResponseHead: Equatable, Sendable {
  /// The status code, from 100 to 599.
  public var status: Int
  /// The three digits of the status code.
  public var statusRange: ByteRange
  /// The reason phrase, which may be empty.
  public var reason: ByteRange
  /// The minor version of HTTP/1.
  public var minorVersion: UInt8
  /// How the body ends.
  public var framing: MessageFraming
  /// Whether the connection can be used again once the body has been read.
  public var isKeepAlive: Bool
  /// What `Content-Type` says.
  public var contentKind: ContentKind
  /// Whether `Content-Encoding` names anything but `identity`.
  public var isEncoded: Bool
  /// `timeout` of the `Keep-Alive` field, in seconds, at most `HTTP1Limits.seconds`.
  public var keepAliveTimeoutSeconds: Int?
  /// `max` of the `Keep-Alive` field: further requests that the server will take.
  public var keepAliveMax: Int?
  /// `Retry-After` in seconds, at most `HTTP1Limits.seconds`; nil if absent or a date.
  public var retryAfterSeconds: Int?
  /// Bytes of the head, with the empty line that ends it.
  public var length: Int
}

extension ResponseHead {
  /// A place for a head: it says nothing until a parser has written one there.
  public init() {
    self.init(
      status: 0,
      statusRange: .empty,
      reason: .empty,
      minorVersion: 1,
      framing: .none,
      isKeepAlive: false,
      contentKind: .none,
      isEncoded: false,
      length: 0
    )
  }
}
