/// How often something took how long: 16 buckets, each twice as wide as the one before, and one for
/// whatever is longer.
///
/// Adding costs no search: the bucket's number is the length of the duration in units, in bits.
public struct Histogram: BitwiseCopyable, Sendable {
  /// Buckets with an upper bound.
  public static let buckets = 16

  /// How many fell into each bucket, not summed up; the last one has no upper bound.
  public private(set) var counts = InlineArray<17, UInt64>(repeating: 0)
  /// All durations together, in nanoseconds.
  public private(set) var sum: UInt64 = 0

  /// An empty one.
  public init() {}

  /// Counts a duration.
  ///
  /// - Parameters:
  ///   - nanoseconds: how long it took.
  ///   - unit: the upper bound of the first bucket, the same in each call.
  @inline(__always)
  mutating func add(_ nanoseconds: UInt64, unit: UInt64) {
    // Behind one unit less a nanosecond, so that a bound belongs to its own bucket.
    let units = (nanoseconds &- (nanoseconds == 0 ? 0 : 1)) / unit
    let bucket = min(UInt64.bitWidth &- units.leadingZeroBitCount, Self.buckets)
    counts[bucket] &+= 1
    sum &+= nanoseconds
  }

  /// Counts several durations of nothing.
  mutating func addZeros(_ count: UInt64) { counts[0] &+= count }

  /// How many there were.
  public var count: UInt64 {
    var count: UInt64 = 0
    for bucket in counts.indices { count &+= counts[bucket] }
    return count
  }
}

/// The upper bounds of the first buckets, in nanoseconds.
public enum HistogramUnit {
  /// From a request's first byte to its last one's way out.
  public static let duration: UInt64 = 10_000_000
  /// From a request's first byte to the first content of its stream.
  public static let firstToken: UInt64 = 5_000_000
  /// Between events of a stream.
  public static let interEvent: UInt64 = 500_000
  /// Waiting for a place at a backend.
  public static let queue: UInt64 = 1_000_000
  /// The router's own work on a request.
  public static let overhead: UInt64 = 1000
  /// One turn of the loop.
  public static let loop: UInt64 = 10_000
}
