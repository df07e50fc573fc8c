import OAIRSys
import Synchronization

/// How many client connections each worker has, or is about to get: they are spread evenly, and
/// together they are no more than may be.
///
/// The kernel tells one worker of a new connection, mostly the same one as long as it keeps up. One
/// that has more than its share accepts it for another. A place is taken before there is a
/// connection for it, so that those on their way count too.
///
/// A view of numbers that `Commons` keeps.
// SAFETY: it has pointers to atomics, and numbers that don't change.
struct ConnectionShares: @unchecked Sendable {
  // SAFETY: atomics; whoever makes this value keeps them alive for as long as it's used.
  private let base: UnsafeMutablePointer<Atomic<Int>>
  private let workers: Int
  private let total: Int

  /// What a worker's number is once it takes none any more.
  private static let closed = Int.max / 2

  /// - Parameters:
  ///   - cells: one for each worker, which the caller keeps.
  ///   - total: connections at one time, as many as there are workers or more.
  init(_ cells: AtomicCells, workers: Int, total: Int) {
    precondition(cells.count >= workers && total >= workers, "a worker without a connection")
    base = cells.base
    self.workers = workers
    self.total = total
  }

  /// The most that a worker may have: all of them together have `total`.
  func capacity(of worker: Int) -> Int {
    total / workers + (worker < total % workers ? 1 : 0)
  }

  /// How many a worker has.
  func count(_ worker: Int) -> Int { base[worker].load(ordering: .relaxed) }

  /// Takes a place on the worker that is to have the next connection.
  ///
  /// - Parameter worker: who accepts it, and has it, unless it has more than its share.
  /// - Returns: whose place it is, to be filled or given back; nil when there is none.
  func place(for worker: Int) -> Int? {
    let own = count(worker)
    var least = own
    var chosen = worker
    for other in 0..<workers where other != worker {
      let its = count(other)
      if its < least { (least, chosen) = (its, other) }
    }
    // A little more is no reason to wake somebody.
    if own <= least + least / 16 { chosen = worker }
    if take(chosen) { return chosen }
    return (0..<workers).first { $0 != chosen && take($0) }
  }

  /// Takes a place on one worker.
  ///
  /// - Returns: false when it has as many as it may, or takes none any more.
  func take(_ worker: Int) -> Bool { (base + worker).add(1, bound: capacity(of: worker)) }

  /// Gives a place back.
  func giveBack(_ worker: Int) {
    let left = (base + worker).take(1)
    precondition(left >= 0, "more connections ended than began")
  }

  /// Takes none on a worker from here on.
  ///
  /// - Returns: false while it has some: nothing has changed then.
  func close(_ worker: Int) -> Bool {
    base[worker].compareExchange(
      expected: 0,
      desired: Self.closed,
      ordering: .sequentiallyConsistent
    ).exchanged
  }
}
