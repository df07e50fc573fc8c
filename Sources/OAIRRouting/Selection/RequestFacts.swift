/// What a policy may know of a request, as plain numbers.
///
/// Callers fill in what they have; a policy that wants more of it (such as the hash of a prompt's
/// beginning) finds its place here, and callers needn't change.
public struct RequestFacts: Equatable, Sendable {
  /// The model, as an entry of the route table; nil when the request goes to the default backend.
  public var entry: Int?
  /// The API that its path belongs to.
  public var family: PathFamily
  /// The hash of the session's id (`StableHash`); 0 without one.
  public var session: UInt64
  /// Bytes of body, as far as they are known.
  public var bodyLength: Int
  /// The hash of the prompt's beginning; 0 as long as nobody computes it.
  public var prefixHash: UInt64

  /// Describes a request.
  ///
  /// - Parameters:
  ///   - entry: of the table that candidates are chosen from.
  ///   - family: the API that its path belongs to.
  ///   - session: the hash of the session's id; 0 without one.
  ///   - bodyLength: bytes of body.
  ///   - prefixHash: the hash of the prompt's beginning; 0 without one.
  public init(
    entry: Int?,
    family: PathFamily,
    session: UInt64 = 0,
    bodyLength: Int = 0,
    prefixHash: UInt64 = 0
  ) {
    self.entry = entry
    self.family = family
    self.session = session
    self.bodyLength = bodyLength
    self.prefixHash = prefixHash
  }
}
