/// The one account of all request bodies that are held in memory.
///
/// Plain numbers: one reactor owns it.
struct BodyLedger {
  /// LIMIT: bytes that may be held at one time; beyond it a request is answered 503.
  let limit: Int
  private(set) var reserved = 0
  /// The most that was ever reserved at one time.
  private(set) var peak = 0

  init(limit: Int) { self.limit = limit }

  /// Reserves memory before it is used.
  ///
  /// - Returns: false when the account is full; nothing is reserved then.
  mutating func reserve(_ bytes: Int) -> Bool {
    precondition(bytes >= 0, "a reservation is never negative")
    guard bytes <= limit - reserved else { return false }
    reserved += bytes
    peak = max(peak, reserved)
    return true
  }

  /// Gives back what was reserved.
  mutating func release(_ bytes: Int) {
    precondition(bytes >= 0 && bytes <= reserved, "more released than was reserved")
    reserved -= bytes
  }
}
