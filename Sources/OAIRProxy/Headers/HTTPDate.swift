import Glibc

/// The `Date` of answers that have none (RFC 9110 section 6.6.1), formatted once per second.
struct HTTPDate {
  private var second: Int = -1
  private var text = InlineArray<29, UInt8>(repeating: 0)

  /// Calls `body` with "Mon, 23 Nov 2026 09:00:00 GMT".
  mutating func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &now)
    withBytes(at: now.tv_sec, body)
  }

  /// Calls `body` with the text of an instant, in seconds since 1970.
  mutating func withBytes(at time: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    if time != second { format(time) }
    withUnsafeBytes(of: text, body)
  }

  private mutating func format(_ time: Int) {
    second = time
    var parts = tm()
    var copy = time
    gmtime_r(&copy, &parts)
    let days: StaticString = "SunMonTueWedThuFriSat"
    let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
    put(days, Int(parts.tm_wday) * 3, 3, at: 0)
    put(", ", 0, 2, at: 3)
    number(Int(parts.tm_mday), 2, at: 5)
    put(" ", 0, 1, at: 7)
    put(months, Int(parts.tm_mon) * 3, 3, at: 8)
    put(" ", 0, 1, at: 11)
    number(Int(parts.tm_year) + 1900, 4, at: 12)
    put(" ", 0, 1, at: 16)
    number(Int(parts.tm_hour), 2, at: 17)
    put(":", 0, 1, at: 19)
    number(Int(parts.tm_min), 2, at: 20)
    put(":", 0, 1, at: 22)
    number(Int(parts.tm_sec), 2, at: 23)
    put(" GMT", 0, 4, at: 25)
  }

  private mutating func put(_ source: StaticString, _ from: Int, _ count: Int, at index: Int) {
    for offset in 0..<count { text[index + offset] = source.utf8Start[from + offset] }
  }

  private mutating func number(_ value: Int, _ digits: Int, at index: Int) {
    var rest = value
    for place in stride(from: digits - 1, through: 0, by: -1) {
      text[index + place] = UInt8(48 + rest % 10)
      rest /= 10
    }
  }
}
