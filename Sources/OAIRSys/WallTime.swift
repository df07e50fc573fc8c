import Glibc

/// Points of the calendar as text.
public enum WallTime {
  /// Date and time in UTC without a zone (RFC 3339 section 5.6): `2026-11-24T08:49:37`.
  ///
  /// - Parameter seconds: since 1970-01-01.
  public static func utc(_ seconds: Int) -> String {
    var parts = tm()
    var copy = seconds
    gmtime_r(&copy, &parts)
    let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
  }

  /// Seconds since 1970-01-01, by the system's clock.
  public static func now() -> Int { Glibc.time(nil) }

  private static func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
