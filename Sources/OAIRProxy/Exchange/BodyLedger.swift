/// The one account of all request bodies that are held in memory.
///
///     |── small bodies, an eighth ──|────────── all others ──────────|── for one to finish ──|
///
/// Bodies whose length isn't known grow in steps. If many did so until nothing was left, none would
/// ever be whole: so the last share, as long as one body may be, is for one of them at a time.
///
/// Plain numbers: one reactor owns it.
struct BodyLedger {
  /// LIMIT: a body up to so many bytes draws on the small bodies' account.
  static let smallBody = 64 << 10

  /// Which account a body draws on.
  enum Account { case small, large }

  /// LIMIT: bytes that may be held at one time; beyond it reading waits, then answers 503.
  let limit: Int
  private let smallLimit: Int
  private let largeLimit: Int
  private var small = 0
  private var large = 0
  /// The most that was ever reserved at one time.
  private(set) var peak = 0

  /// - Parameters:
  ///   - limit: bytes for all bodies.
  ///   - body: the longest body, in bytes: the share that is kept for one to finish.
  init(limit: Int, body: Int) {
    self.limit = limit
    smallLimit = limit / 8
    let rest = limit - limit / 8
    largeLimit = rest - min(body, rest / 2)
  }

  var reserved: Int { small + large }

  /// The most that a body may ask for at once.
  func capacity(_ account: Account) -> Int { account == .small ? smallLimit : largeLimit }

  /// Reserves memory before it is used.
  ///
  /// - Parameter finishes: the one body that may use the last share.
  /// - Returns: false when the account is full; nothing is reserved then.
  mutating func reserve(_ bytes: Int, _ account: Account, finishes: Bool = false) -> Bool {
    precondition(bytes >= 0, "a reservation is never negative")
    switch account {
    case .small:
      guard bytes <= smallLimit - small else { return false }
      small += bytes
    case .large:
      let room = finishes ? limit - smallLimit : largeLimit
      guard bytes <= room - large else { return false }
      large += bytes
    }
    peak = max(peak, reserved)
    return true
  }

  /// Gives back what was reserved.
  mutating func release(_ bytes: Int, _ account: Account) {
    switch account {
    case .small:
      precondition(bytes >= 0 && bytes <= small, "more released than was reserved")
      small -= bytes
    case .large:
      precondition(bytes >= 0 && bytes <= large, "more released than was reserved")
      large -= bytes
    }
  }
}
