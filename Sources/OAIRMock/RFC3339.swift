/// Dates as Go writes them into JSON (RFC 3339), in UTC and whole seconds.
enum RFC3339 {
  /// Renders a time.
  ///
  /// - Parameter seconds: since 1970-01-01, 0 or more.
  /// - Returns: for example `1994-11-06T08:49:37Z`.
  static func render(_ seconds: Int) -> String {
    let (day, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let date = HTTPDate.civil(day)
    let clock = [rest / 3600, rest / 60 % 60, rest % 60].map(HTTPDate.two)
    return "\(date.year)-\(HTTPDate.two(date.month))-\(HTTPDate.two(date.day))"
      + "T\(clock.joined(separator: ":"))Z"
  }
}
