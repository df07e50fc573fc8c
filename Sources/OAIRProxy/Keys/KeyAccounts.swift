/// What every key is doing: owned by the reactor, on its thread.
///
/// By the keys' numbers, which stay theirs through every change of the configuration: a stream that
/// began with other bounds still counts.
struct KeyAccounts {
  /// What one key is doing.
  private struct Account {
    /// When a request could come so that the key's bound would just be kept (the "theoretical
    /// arrival time" of the leaky bucket, ITU-T I.371).
    var next: UInt64 = 0
    var running = 0
  }

  /// What a key may do.
  struct Bounds: Equatable {
    /// Nanoseconds that one request takes of a minute; 0 without a bound.
    let interval: UInt64
    /// Requests at one time; 0 for any number.
    let concurrent: Int
  }

  /// Why a key's request can't be taken now.
  enum Refusal: Equatable {
    /// Too many requests in the last minute; the next one may come after so many seconds.
    case rate(seconds: Int, perMinute: Int)
    /// Too many at one time.
    case concurrent(Int)
  }

  static let minute: UInt64 = 60_000_000_000

  private var accounts: [Account] = []

  /// Counts a request in, which must be counted out by `end` when it is over.
  ///
  /// - Parameters:
  ///   - number: the key's, from 1.
  ///   - now: the reactor's clock, in nanoseconds.
  /// - Returns: nil when it is taken.
  mutating func begin(_ number: Int, _ bounds: Bounds, at now: UInt64) -> Refusal? {
    while accounts.count < number { accounts.append(Account()) }
    if bounds.concurrent > 0, accounts[number - 1].running >= bounds.concurrent {
      return .concurrent(bounds.concurrent)
    }
    if bounds.interval > 0 {
      let next = max(accounts[number - 1].next, now)
      let latest = now &+ Self.minute &- bounds.interval
      if next > latest {
        let seconds = (next - latest + 999_999_999) / 1_000_000_000
        return .rate(
          seconds: Int(truncatingIfNeeded: seconds),
          perMinute: Int(truncatingIfNeeded: Self.minute / bounds.interval)
        )
      }
      accounts[number - 1].next = next + bounds.interval
    }
    accounts[number - 1].running += 1
    return nil
  }

  /// A request that was counted in is over.
  mutating func end(_ number: Int) {
    precondition(accounts[number - 1].running > 0, "more requests of a key ended than began")
    accounts[number - 1].running -= 1
  }
}
