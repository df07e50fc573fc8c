import OAIRSys
import Synchronization

/// What every key is doing: a view of numbers that `Commons` keeps, and all workers of a router
/// change.
///
/// By the keys' numbers, which stay theirs through every change of the configuration: a stream that
/// began with other bounds still counts.
// SAFETY: it has pointers to atomics, and numbers that don't change.
struct KeyAccounts: @unchecked Sendable {
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

  /// How many cells it takes: two for each number.
  static let cells = 2 * (ClientKey.greatestNumber + 1)

  // SAFETY: atomics; whoever makes this value keeps them alive for as long as it's used.
  private let base: UnsafeMutablePointer<Atomic<Int>>

  /// - Parameter cells: `KeyAccounts.cells` numbers, which the caller keeps.
  init(_ cells: AtomicCells) {
    precondition(cells.count >= Self.cells, "too few cells")
    base = cells.base
  }

  /// When a request could come so that the key's bound would just be kept (the "theoretical
  /// arrival time" of the leaky bucket, ITU-T I.371).
  private func next(_ number: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    precondition(number > 0 && number <= ClientKey.greatestNumber, "no such key")
    return base + 2 * number
  }

  /// How many of its requests there are.
  private func running(_ number: Int) -> UnsafeMutablePointer<Atomic<Int>> { next(number) + 1 }

  /// Counts a request in, which must be counted out by `end` when it is over.
  ///
  /// - Parameters:
  ///   - number: the key's, from 1.
  ///   - now: the reactor's clock, in nanoseconds.
  /// - Returns: nil when it is taken.
  func begin(_ number: Int, _ bounds: Bounds, at now: UInt64) -> Refusal? {
    guard running(number).add(1, bound: bounds.concurrent > 0 ? bounds.concurrent : .max) else {
      return .concurrent(bounds.concurrent)
    }
    guard let refusal = takeTurn(number, bounds, at: now) else { return nil }
    end(number)
    return refusal
  }

  /// Counts a request into its minute.
  private func takeTurn(_ number: Int, _ bounds: Bounds, at now: UInt64) -> Refusal? {
    guard bounds.interval > 0 else { return nil }
    let cell = next(number)
    let latest = now &+ Self.minute &- bounds.interval
    var found = cell.pointee.load(ordering: .relaxed)
    while true {
      let next = max(UInt64(found), now)
      if next > latest {
        let seconds = (next - latest + 999_999_999) / 1_000_000_000
        return .rate(
          seconds: Int(truncatingIfNeeded: seconds),
          perMinute: Int(truncatingIfNeeded: Self.minute / bounds.interval)
        )
      }
      let (isDone, current) = cell.pointee.weakCompareExchange(
        expected: found,
        desired: Int(next + bounds.interval),
        ordering: .relaxed
      )
      if isDone { return nil }
      found = current
    }
  }

  /// A request that was counted in is over.
  func end(_ number: Int) {
    let left = running(number).take(1)
    precondition(left >= 0, "more requests of a key ended than began")
  }
}
