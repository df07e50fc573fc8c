/// How durations are written in options: a whole number and a unit.
public enum DurationText {
  /// Parses `100us`, `250ms`, `5s`, `2m` or `1h`.
  ///
  /// - Parameter text: digits followed by a unit, without space, sign or fraction.
  /// - Returns: nil when it has another form, or is more than 10,000 hours.
  public static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int64(digits), let unit = unit(text.dropFirst(digits.count)) else {
      return nil
    }
    let (microseconds, isOverflow) = count.multipliedReportingOverflow(by: unit)
    // LIMIT: 10,000 hours fit every clock that a duration is added to.
    guard !isOverflow, microseconds <= 10_000 * 3_600_000_000 else { return nil }
    return .microseconds(microseconds)
  }

  /// The same form, in the largest unit that is exact.
  public static func render(_ duration: Duration) -> String {
    let microseconds =
      duration.components.seconds * 1_000_000
      + duration.components.attoseconds / 1_000_000_000_000
    for (name, unit) in units where microseconds % unit == 0 && microseconds >= unit {
      return "\(microseconds / unit)\(name)"
    }
    return "0s"
  }

  private static let units: [(name: String, microseconds: Int64)] = [
    ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1),
  ]

  private static func unit(_ name: Substring) -> Int64? {
    units.first { $0.name == name }?.microseconds
  }
}

extension Duration {
  /// The duration in nanoseconds of `Kernel.now()`, at least 0.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
  }

  /// The duration in milliseconds.
  var milliseconds: Double { Double(nanoseconds) / 1_000_000 }
}
