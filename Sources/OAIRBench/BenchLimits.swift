/// Every bound of a load generator.
public enum BenchLimits {
  /// LIMIT: connections at one time.
  public static let connections = 20_000
  /// LIMIT: descriptors that are needed beside the connections.
  public static let spareDescriptors = 32
  /// LIMIT: seconds of one run, without its warm-up.
  public static let seconds = 3600.0
  /// LIMIT: rounds of a comparison.
  public static let rounds = 100
  /// LIMIT: requests per second of an open loop.
  public static let rate = 1_000_000.0
  /// LIMIT: the slowest open loop, in requests per second.
  public static let leastRate = 0.001
  /// LIMIT: bytes per second of a slow reader.
  public static let readRate = 16 << 30
  /// LIMIT: tokens of an answer, and events of a stream.
  public static let events = 1 << 30
  /// LIMIT: by how many percent figures may differ from a record.
  public static let noise = 1_000_000.0
  /// LIMIT: bytes of one request body.
  public static let body = 64 << 20
  /// LIMIT: bytes of all request bodies together that are kept to be sent.
  public static let preparedBodies = 64 << 20
  /// LIMIT: different conversations that are prepared; each is sent with a number of its own.
  public static let conversations = 64
  /// LIMIT: requests of an open loop that are due and wait for a connection; further ones count as
  /// `overload`.
  public static let backlog = 1 << 20
  /// LIMIT: bytes of one read.
  static let readSize = 256 << 10
  /// LIMIT: reads of one connection before the others get their turn.
  static let readsPerTurn = 4
  /// LIMIT: time that requests of an open loop have to end when no more are sent, in nanoseconds;
  /// those that don't count as `unfinished`.
  static let openDrain: UInt64 = 5_000_000_000
  /// LIMIT: the same of a closed loop, whose figures are complete already.
  static let closedDrain: UInt64 = 200_000_000
  /// How long a connection waits after a connect that failed, in nanoseconds.
  static let connectPause: UInt64 = 20_000_000
  /// How often a slow reader reads, in nanoseconds.
  static let slowReadInterval: UInt64 = 50_000_000
  /// How often the totals are told and memory is looked at while it runs, in nanoseconds.
  static let progressInterval: UInt64 = 100_000_000
}
