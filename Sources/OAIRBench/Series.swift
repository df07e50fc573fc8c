/// The values of one figure over several rounds.
public struct Series: Equatable, Sendable {
  /// The middle one, or the mean of the two in the middle.
  public let median: Double
  /// The smallest.
  public let minimum: Double
  /// The largest.
  public let maximum: Double

  /// Sums values up; nil of none.
  public init?(_ values: [Double]) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    let middle = sorted.count / 2
    median =
      sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    minimum = first
    maximum = last
  }

  /// Half of the distance between the smallest and the largest, as a share of the median.
  public var spread: Double { median == 0 ? 0 : (maximum - minimum) / 2 / abs(median) }
}
