import OAIRSys
import Synchronization

/// The one account of all request bodies that are held in memory.
///
///     |── small bodies, an eighth ──|────────── all others ──────────|── for one to finish ──|
///
/// Bodies whose length isn't known grow in steps. If many did so until nothing was left, none would
/// ever be whole: so the last share, as long as one body may be, is for one of them at a time.
///
/// A view of numbers that `Commons` keeps, and all workers of a router change.
// SAFETY: it has pointers to atomics, and numbers that don't change.
struct BodyLedger: @unchecked Sendable {
  /// LIMIT: a body up to so many bytes draws on the small bodies' account.
  static let smallBody = 64 << 10

  /// Which account a body draws on.
  enum Account { case small, large }

  /// LIMIT: bytes that may be held at one time; beyond it reading waits, then answers 503.
  let limit: Int
  private let smallLimit: Int
  private let largeLimit: Int
  // SAFETY: atomics; whoever makes this value keeps them alive for as long as it's used.
  private let small: UnsafeMutablePointer<Atomic<Int>>
  private let large: UnsafeMutablePointer<Atomic<Int>>
  /// The worker, counted from 1, one of whose bodies may use the last share; 0 for none.
  private let finisher: UnsafeMutablePointer<Atomic<Int>>

  /// How many cells it takes.
  static let cells = 3

  /// - Parameters:
  ///   - limit: bytes for all bodies.
  ///   - body: the longest body, in bytes: the share that is kept for one to finish.
  ///   - cells: `BodyLedger.cells` numbers, which the caller keeps.
  init(limit: Int, body: Int, cells: AtomicCells) {
    precondition(cells.count >= Self.cells, "too few cells")
    small = cells.base
    large = cells.base + 1
    finisher = cells.base + 2
    self.limit = limit
    smallLimit = limit / 8
    let rest = limit - limit / 8
    largeLimit = rest - min(body, rest / 2)
  }

  var reserved: Int {
    small.pointee.load(ordering: .relaxed) + large.pointee.load(ordering: .relaxed)
  }

  /// The most that a body may ask for at once.
  func capacity(_ account: Account) -> Int { account == .small ? smallLimit : largeLimit }

  /// Reserves memory before it is used.
  ///
  /// - Parameter finishes: the one body that may use the last share.
  /// - Returns: false when the account is full; nothing is reserved then.
  func reserve(_ bytes: Int, _ account: Account, finishes: Bool = false) -> Bool {
    precondition(bytes >= 0, "a reservation is never negative")
    switch account {
    case .small: return small.add(bytes, bound: smallLimit)
    case .large: return large.add(bytes, bound: finishes ? limit - smallLimit : largeLimit)
    }
  }

  /// Gives back what was reserved.
  ///
  /// Whoever looks afterwards for somebody who waits misses nobody who has found no room.
  func release(_ bytes: Int, _ account: Account) {
    let left = (account == .small ? small : large).take(bytes)
    precondition(bytes >= 0 && left >= 0, "more released than was reserved")
  }

  /// Takes the right to use the last share for one of a worker's bodies.
  ///
  /// - Parameter worker: its number, from 0.
  /// - Returns: false while another worker has it.
  func claimFinish(for worker: Int) -> Bool {
    let (isDone, holder) = finisher.pointee.compareExchange(
      expected: 0,
      desired: worker + 1,
      ordering: .sequentiallyConsistent
    )
    return isDone || holder == worker + 1
  }

  /// Gives that right back, if the worker has it.
  func endFinish(for worker: Int) {
    _ = finisher.pointee.compareExchange(
      expected: worker + 1,
      desired: 0,
      ordering: .sequentiallyConsistent
    )
  }
}
