/// The statuses that are counted one by one; any other counts for its class.
///
/// Statuses come from backends: a bounded number of them becomes series.
public enum StatusCodes {
  /// Each one's word in metrics, by number.
  public static let names: [String] =
    known.map { "\($0)" } + ["1xx", "2xx", "3xx", "4xx", "5xx", "other"]

  /// How many numbers there are.
  public static let count = 45

  private static let known: [Int] = [
    101, 200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408,
    409, 410, 411, 412, 413, 414, 415, 422, 424, 426, 429, 431, 499, 500, 501, 502, 503, 504, 508,
    529,
  ]

  /// The number of each status from 0 to 999.
  static func numbers() -> [UInt8] {
    (0..<1000).map { status in
      let number = known.firstIndex(of: status)
      let ofClass = (1...5).contains(status / 100) ? status / 100 - 1 : 5
      return UInt8(truncatingIfNeeded: number ?? known.count + ofClass)
    }
  }
}
