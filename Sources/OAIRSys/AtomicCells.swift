import Glibc
public import Synchronization

/// Numbers that several threads change, side by side in memory of their own: all are 0 at first.
///
/// Whoever reads and changes them often keeps `base` beside this owner: an access through a class
/// counts references, which threads that share it would do in turn.
public final class AtomicCells: @unchecked Sendable {
  // SAFETY: `count` atomics, allocated in init and freed in deinit; the pointer never changes.
  /// The first of them; valid as long as this object is.
  public let base: UnsafeMutablePointer<Atomic<Int>>
  /// How many there are.
  public let count: Int

  /// Makes numbers that are 0; pages that nobody touches take no memory.
  ///
  /// - Parameter count: 1 or more.
  public init(_ count: Int) {
    precondition(count > 0, "cells need to be there")
    guard let memory = calloc(count, MemoryLayout<Atomic<Int>>.stride) else {
      preconditionFailure("no memory for counters")
    }
    // SAFETY: an Atomic<Int> lies in memory as an Int does, whose zero is all bits clear.
    base = memory.bindMemory(to: Atomic<Int>.self, capacity: count)
    self.count = count
  }

  deinit { free(base) }

  /// One of them.
  public subscript(index: Int) -> Int {
    precondition(index >= 0 && index < count, "no such cell")
    return base[index].load(ordering: .sequentiallyConsistent)
  }
}

extension UnsafeMutablePointer where Pointee == Atomic<Int> {
  /// Adds to a number unless that makes it greater than it may be.
  ///
  /// - Parameters:
  ///   - amount: 0 or more.
  ///   - bound: the greatest number it may become.
  /// - Returns: false when there is no room; nothing is added then.
  public func add(_ amount: Int, bound: Int) -> Bool {
    var found = pointee.load(ordering: .relaxed)
    while true {
      guard amount <= bound &- found else { return false }
      let (isDone, current) = pointee.weakCompareExchange(
        expected: found,
        desired: found &+ amount,
        ordering: .sequentiallyConsistent
      )
      if isDone { return true }
      found = current
    }
  }

  /// Takes from a number that others may change.
  ///
  /// - Parameter amount: no more than was added.
  /// - Returns: what is left.
  @discardableResult
  public func take(_ amount: Int) -> Int {
    pointee.wrappingSubtract(amount, ordering: .sequentiallyConsistent).newValue
  }
}
