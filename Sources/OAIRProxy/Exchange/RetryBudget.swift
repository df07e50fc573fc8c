/// Bounds what retries may add to the work of a fleet that is failing already.
///
/// A retry after a status, an error inside a stream or a timeout is paid for by the requests of the
/// last ten seconds; a few are free, so that a quiet router can retry too. What a lost backend
/// leaves behind isn't counted: that work is gone, not doubled.
///
/// Plain numbers: one reactor owns it, and bounds what its own requests add.
struct RetryBudget {
  /// LIMIT: retries in ten seconds that no request has to pay for.
  static let freePerWindow = 10
  /// LIMIT: retries under way at one time that are always allowed.
  static let freeConcurrent = 3
  private static let buckets = 10
  private static let bucketNanoseconds: UInt64 = 1_000_000_000

  /// How many retries a hundred requests pay for.
  var percent: Int
  private var requests = InlineArray<10, Int>(repeating: 0)
  private var retries = InlineArray<10, Int>(repeating: 0)
  private var newestSecond: UInt64 = 0
  /// Exchanges that go on after a retry.
  private(set) var concurrent = 0

  /// What this worker has of what is free.
  private let freePerWindow: Int
  private let freeConcurrent: Int

  /// - Parameters:
  ///   - percent: how many retries a hundred requests pay for.
  ///   - workers: among how many what is free is divided; each has one at least.
  init(percent: Int, workers: Int = 1) {
    self.percent = max(0, percent)
    freePerWindow = max(1, Self.freePerWindow / workers)
    freeConcurrent = max(1, Self.freeConcurrent / workers)
  }

  /// A request has come.
  ///
  /// - Parameter now: the reactor's clock, in nanoseconds.
  mutating func requestCame(at now: UInt64) {
    turn(to: now)
    requests[Self.bucket(newestSecond)] += 1
  }

  /// Takes one retry out of the budget.
  ///
  /// - Parameters:
  ///   - now: the reactor's clock, in nanoseconds.
  ///   - isFirst: the exchange has made no other retry yet; `exchangeEnded` is owed then.
  /// - Returns: false when the budget is spent; nothing is taken then.
  mutating func take(at now: UInt64, isFirst: Bool) -> Bool {
    turn(to: now)
    var came = 0
    var spent = 0
    for bucket in 0..<Self.buckets {
      came += requests[bucket]
      spent += retries[bucket]
    }
    let paid = freePerWindow + came * percent / 100
    guard spent < paid || concurrent < freeConcurrent else { return false }
    retries[Self.bucket(newestSecond)] += 1
    if isFirst { concurrent += 1 }
    return true
  }

  /// An exchange that had retried is over.
  mutating func exchangeEnded() {
    precondition(concurrent > 0, "more retries ended than began")
    concurrent -= 1
  }

  /// Empties the buckets of the seconds that have passed.
  private mutating func turn(to now: UInt64) {
    let second = now / Self.bucketNanoseconds
    guard second > newestSecond else { return }
    for step in 1...min(second - newestSecond, UInt64(Self.buckets)) {
      let bucket = Self.bucket(newestSecond + step)
      requests[bucket] = 0
      retries[bucket] = 0
    }
    newestSecond = second
  }

  private static func bucket(_ second: UInt64) -> Int { Int(second % UInt64(buckets)) }
}
