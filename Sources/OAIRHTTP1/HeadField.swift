/// One field line of a head, as offsets into its bytes.
public struct HeadField: Sendable {
  /// The name as received.
  public var name: ByteRange
  /// The value as received, without the whitespace around it (RFC 9112 section 5.1).
  public var value: ByteRange
  /// Which field it is, if the router acts on it.
  public var known: KnownField
  /// Whether the message's `Connection` field names it (RFC 9110 section 7.6.1).
  ///
  /// Never set for `Host`, `Content-Length` and `Transfer-Encoding`.
  public var isNamedByConnection: Bool

  /// Whether it must not be forwarded.
  public var isHopByHop: Bool { isNamedByConnection || known.isHopByHop }
}
