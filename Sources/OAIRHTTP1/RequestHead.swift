/// The head of a request that passed every check.
///
/// Ranges are offsets from the first byte that was parsed.
public struct RequestHead: Equatable, Sendable {
  /// What `Upgrade` asks for; `none` unless `Connection` confirms it and the version is 1.1.
  public enum Upgrade: UInt8, Sendable {
    /// Nothing.
    case none
    /// A WebSocket (RFC 6455 section 4.1), in a GET.
    case webSocket
    /// Something else, such as `h2c`, which may be ignored (RFC 9110 section 7.8).
    case other
  }

  /// The method, as far as it is told apart.
  public var method: HTTPMethod
  /// The method's bytes.
  public var methodRange: ByteRange
  /// The target as received: visible ASCII without `#`.
  public var target: ByteRange
  /// The target's path without its query, percent escapes left as they are.
  ///
  /// Never empty but for CONNECT; `*` in `OPTIONS *`.
  public var path: ByteRange
  /// What follows the first `?`; empty if there is none.
  public var query: ByteRange
  /// The value of Host, or the target's authority, which RFC 9112 section 3.2.2 gives precedence;
  /// empty only in HTTP/1.0.
  public var host: ByteRange
  /// The minor version of HTTP/1; those above 1 are treated as 1 (RFC 9110 section 2.5).
  public var minorVersion: UInt8
  /// How the body ends: `none`, `length` or `chunked`.
  public var framing: MessageFraming
  /// Whether the client wants to use the connection again.
  public var isKeepAlive: Bool
  /// Whether the client waits for `100 Continue` before it sends the body, and there is a body.
  public var expectsContinue: Bool
  /// What `Upgrade` asks for.
  public var upgrade: Upgrade
  /// Whether `Content-Encoding` names anything but `identity`.
  public var hasContentEncoding: Bool
  /// What `Content-Type` says.
  public var contentKind: ContentKind
  /// Bytes of the head, with the empty lines skipped before it and the empty line that ends it.
  public var length: Int
}

extension RequestHead {
  /// A place for a head: it says nothing until a parser has written one there.
  public init() {
    self.init(
      method: .other,
      methodRange: .empty,
      target: .empty,
      path: .empty,
      query: .empty,
      host: .empty,
      minorVersion: 1,
      framing: .none,
      isKeepAlive: false,
      expectsContinue: false,
      upgrade: .none,
      hasContentEncoding: false,
      contentKind: .none,
      length: 0
    )
  }
}
