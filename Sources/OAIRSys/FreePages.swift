import Glibc

/// Memory that goes back to the kernel.
public enum FreePages {
  /// Pages of the machine, in bytes; a power of two.
  static let size = UInt(sysconf(Int32(_SC_PAGESIZE)))

  /// Gives back the whole pages within memory that holds nothing; afterwards they read as zeros.
  ///
  /// - Parameters:
  ///   - start: uninitialised memory, the caller's own.
  ///   - count: how many values there is room for.
  public static func release<T: ~Copyable>(_ start: UnsafeMutablePointer<T>, count: Int) {
    let pages = wholePages(from: UInt(bitPattern: start), to: UInt(bitPattern: start + count))
    guard !pages.isEmpty else { return }
    // SAFETY: all of them lie within the caller's memory, in which nothing is.
    madvise(UnsafeMutableRawPointer(bitPattern: pages.lowerBound), pages.count, MADV_DONTNEED)
  }

  /// The addresses of the pages that lie wholly between two addresses.
  static func wholePages(from start: UInt, to end: UInt) -> Range<UInt> {
    let first = (start + size - 1) & ~(size - 1)
    let last = end & ~(size - 1)
    return first < last ? first..<last : 0..<0
  }
}
