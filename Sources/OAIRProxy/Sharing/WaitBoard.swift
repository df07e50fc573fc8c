import OAIRSys
import Synchronization

/// Who waits, on which worker, for what another one may free: places at backends, or memory.
///
///     worker 0  frees a place ──── looks here: worker 1 waits for it ──── rings its bell
///     worker 1  publishes what it waits for ──── looks once more whether it's there already
///
/// Each does its own before it looks at the other's, both in one order for all threads: at least
/// one of the two sees the other, so that nothing is freed unnoticed, and nobody has to poll.
///
/// What is waited for is a set of 64 kinds; things that share a kind cost a look in vain.
/// A view of numbers that `Commons` keeps.
// SAFETY: it has a pointer to atomics, and numbers that don't change.
struct WaitBoard: @unchecked Sendable {
  /// A set of workers, or of kinds: a bit for each.
  typealias Mask = UInt64

  // SAFETY: atomics; whoever makes this value keeps them alive for as long as it's used.
  private let base: UnsafeMutablePointer<Atomic<Int>>
  private let workers: Int

  /// How many cells it takes.
  static func cells(workers: Int) -> Int { 2 + workers }

  init(_ cells: AtomicCells, workers: Int) {
    precondition(cells.count >= Self.cells(workers: workers) && workers <= Commons.mostWorkers)
    base = cells.base
    self.workers = workers
  }

  /// The workers on which somebody waits.
  private var waiting: UnsafeMutablePointer<Atomic<Int>> { base }
  /// The worker whose turn it was last.
  private var turn: UnsafeMutablePointer<Atomic<Int>> { base + 1 }
  /// What a worker waits for.
  private func wanted(_ worker: Int) -> UnsafeMutablePointer<Atomic<Int>> { base + 2 + worker }

  /// Says what a worker waits for from here on.
  ///
  /// It looks once more afterwards, if there is something.
  func publish(_ kinds: Mask, by worker: Int) {
    let bit = 1 << worker
    wanted(worker).pointee.store(Int(bitPattern: UInt(kinds)), ordering: .sequentiallyConsistent)
    if kinds == 0 {
      waiting.pointee.bitwiseAnd(~bit, ordering: .sequentiallyConsistent)
    } else {
      waiting.pointee.bitwiseOr(bit, ordering: .sequentiallyConsistent)
    }
    // Its look reads what others change with less than this order.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Somebody waits, on whichever worker.
  var isUsed: Bool { waiting.pointee.load(ordering: .sequentiallyConsistent) != 0 }

  /// Somebody waits for one of some kinds, on whichever worker.
  func isWanted(_ kinds: Mask) -> Bool {
    var left = Mask(UInt(bitPattern: waiting.pointee.load(ordering: .sequentiallyConsistent)))
    while left != 0 {
      let wants = wanted(left.trailingZeroBitCount).pointee.load(ordering: .sequentiallyConsistent)
      if Mask(UInt(bitPattern: wants)) & kinds != 0 { return true }
      left &= left - 1
    }
    return false
  }

  /// The workers that wait for one of some kinds.
  ///
  /// - Parameter worker: one that isn't looked at.
  func workers(wanting kinds: Mask, but worker: Int) -> Mask {
    var left = Mask(UInt(bitPattern: waiting.pointee.load(ordering: .sequentiallyConsistent)))
    left &= ~(1 << Mask(worker))
    var found: Mask = 0
    while left != 0 {
      let other = left.trailingZeroBitCount
      left &= left - 1
      let wants = wanted(other).pointee.load(ordering: .sequentiallyConsistent)
      if Mask(UInt(bitPattern: wants)) & kinds != 0 { found |= 1 << Mask(other) }
    }
    return found
  }

  /// Whether one worker comes before some others; whoever is asked for takes the turn, so that each
  /// is first as often as the others.
  ///
  /// - Parameter others: one or more, without the worker itself.
  func isTurn(of worker: Int, among others: Mask) -> Bool {
    let all = others | 1 << Mask(worker)
    let last = turn.pointee.load(ordering: .relaxed)
    let behind = last >= 63 ? 0 : all & ~((1 << Mask(last + 1)) &- 1)
    let next = (behind != 0 ? behind : all).trailingZeroBitCount
    turn.pointee.store(next, ordering: .relaxed)
    return next == worker
  }
}
