/// The bounds of the admin listener.
public enum AdminLimits {
  /// Connections at one time.
  ///
  /// When all are taken, new ones wait in the kernel until one ends, or has been without a request
  /// for `patience`.
  public static let connections = 16
  /// Bytes of a request's head.
  public static let head = 64 << 10
  /// Bytes of a request's body.
  public static let body = 1 << 20
  /// How long a connection may be without a request.
  public static let idle = Duration.seconds(30)
  /// How long a request may take to arrive.
  public static let request = Duration.seconds(10)
  /// How long its answer may take to be made.
  public static let answer = Duration.seconds(30)
  /// How long an answer may take to be read.
  public static let write = Duration.seconds(10)
  /// How long a client that was refused may go on sending.
  public static let linger = Duration.seconds(1)
  /// How long requests that are at work may take when the listener closes.
  public static let stop = Duration.seconds(2)
  /// How long a connection may be without a request while others wait for its place.
  public static let patience = Duration.seconds(1)
  /// How long accepting pauses when there is no place, or no descriptor.
  static let acceptPause = Duration.milliseconds(100)
  /// Bytes of the read buffer that all connections share.
  static let readBuffer = 64 << 10
  /// Reads from one connection before the others get their turn.
  static let readsPerTurn = 16
}
