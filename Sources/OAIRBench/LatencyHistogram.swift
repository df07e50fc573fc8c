/// How often something took how long, to within 0.2 %: a log-linear histogram, as HdrHistogram's.
///
/// Values below 1,024 ns have a bucket each; from there on every power of two is divided into 512.
/// Adding costs a shift and an increment, whatever the value, and no memory.
struct LatencyHistogram: ~Copyable {
  /// Buckets of each power of two, as a power of two.
  private static let precisionBits = 9
  /// Buckets of each power of two.
  private static let steps = 1 << precisionBits
  /// LIMIT: bits of a value, in nanoseconds: a little more than 9 hours; longer ones count as that.
  private static let valueBits = 45
  /// The largest value that is told from others, in nanoseconds.
  static let largest: UInt64 = (1 << UInt64(valueBits)) - 1
  private static let buckets = (valueBits - precisionBits + 1) * steps

  // SAFETY: allocated and zeroed in init, freed in deinit; every index is below `buckets`.
  private let counts: UnsafeMutablePointer<UInt64>
  /// How many values there are.
  private(set) var count: UInt64 = 0
  private var sum: UInt64 = 0
  private var maximum: UInt64 = 0
  private var minimum: UInt64 = .max

  /// An empty one.
  init() {
    counts = .allocate(capacity: Self.buckets)
    counts.initialize(repeating: 0, count: Self.buckets)
  }

  deinit { counts.deallocate() }

  /// Counts a value.
  ///
  /// - Parameter nanoseconds: beyond `largest` it counts as that.
  mutating func add(_ nanoseconds: UInt64) {
    let value = min(nanoseconds, Self.largest)
    counts[Self.bucket(of: value)] &+= 1
    count &+= 1
    sum &+= value
    if value > maximum { maximum = value }
    if value < minimum { minimum = value }
  }

  /// The value below or at which a share of all values lies.
  ///
  /// - Parameter quantile: 0 to 1.
  /// - Returns: nanoseconds: the upper end of the bucket in which the value lies that is
  ///   the `ceil(quantile × count)`-th, at most the largest value there was; 0 of none.
  func value(at quantile: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let exact = (min(max(quantile, 0), 1) * Double(count)).rounded(.up)
    let wanted = min(max(UInt64(exact), 1), count)
    var seen: UInt64 = 0
    for bucket in 0..<Self.buckets {
      seen &+= counts[bucket]
      if seen >= wanted { return min(Self.upperEnd(of: bucket), maximum) }
    }
    return maximum
  }

  /// What is reported of it; nil of none.
  var distribution: Distribution? {
    guard count > 0 else { return nil }
    func microseconds(_ quantile: Double) -> Double { Double(value(at: quantile)) / 1000 }
    return Distribution(
      count: Int(count),
      mean: Double(sum) / Double(count) / 1000,
      minimum: Double(minimum) / 1000,
      p50: microseconds(0.5),
      p90: microseconds(0.9),
      p99: microseconds(0.99),
      p999: microseconds(0.999),
      maximum: Double(maximum) / 1000
    )
  }

  /// Two ranges without a gap: index = value below 2 × steps, then `steps` for each power of two.
  static func bucket(of value: UInt64) -> Int {
    let magnitude = 63 - (value | UInt64(steps)).leadingZeroBitCount
    let shift = magnitude - precisionBits
    return shift << precisionBits + Int(value >> UInt64(shift))
  }

  /// The largest value that falls into a bucket.
  static func upperEnd(of bucket: Int) -> UInt64 {
    guard bucket >= 2 * steps else { return UInt64(bucket) }
    let shift = UInt64(bucket >> precisionBits - 1)
    let first = UInt64(bucket & (steps - 1) | steps) << shift
    return first + (1 << shift) - 1
  }
}

/// Percentiles of durations, in microseconds.
public struct Distribution: Codable, Equatable, Sendable {
  /// How many durations there were.
  public var count: Int
  /// Their mean.
  public var mean: Double
  /// The shortest.
  public var minimum: Double
  /// Half of them took no longer.
  public var p50: Double
  /// 90 % took no longer.
  public var p90: Double
  /// 99 % took no longer.
  public var p99: Double
  /// 99.9 % took no longer.
  public var p999: Double
  /// The longest.
  public var maximum: Double

  enum CodingKeys: String, CodingKey {
    case count, mean, p50, p90, p99, p999
    case minimum = "min"
    case maximum = "max"
  }
}
