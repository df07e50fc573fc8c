/// The bounds of the control plane.
public enum DiscoveryLimits {
  /// Connections of the control client at one time; further requests wait for one to end.
  public static let connections = 1_024
  /// Requests that wait for a connection; beyond them a request fails as `exhausted`.
  public static let waitingRequests = 16_384
  /// Bytes of a control response's body.
  public static let body = 4 << 20
  /// Pieces that a streamed response may be ahead of its reader.
  ///
  /// Beyond them it is cut: a piece left out would be a change missed.
  public static let streamPieces = 256
  /// Descriptors of the discoverers that live in the control plane's loop.
  static let guestDescriptors = 256
  /// Reads from one connection before the others get their turn.
  static let readsPerTurn = 16
  /// Bytes of the read buffer that all connections share.
  static let readBuffer = 64 << 10
  /// Levels of brackets in a JSON answer.
  static let jsonDepth = 128
  /// Time between two resolutions of a configured name.
  public static let resolveInterval = Duration.seconds(30)
  /// The first pause after a resolution that failed; doubled up to `resolveInterval`.
  public static let resolveRetry = Duration.seconds(1)
}
