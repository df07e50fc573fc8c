import Glibc

/// Memory whose last byte lies just before a page that can't be touched, so that reading one byte
/// too many ends the test run instead of going unseen.
final class GuardedMemory {
  // SAFETY: mapped by `init` and unmapped by `deinit`; only `withBytes` hands out pointers.
  private let base: UnsafeMutableRawPointer
  private let capacity: Int
  private let mapped: Int

  /// - Parameter capacity: the most bytes that a call of `withBytes` will ask for.
  init(capacity: Int) throws {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    self.capacity = (capacity + page - 1) / page * page
    mapped = self.capacity + page
    let memory = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { throw MappingFailed(code: errno) }
    guard mprotect(memory + self.capacity, page, PROT_NONE) == 0 else {
      munmap(memory, mapped)
      throw MappingFailed(code: errno)
    }
    base = memory
  }

  deinit { munmap(base, mapped) }

  /// Calls with a copy of the bytes that ends at the guard page.
  func withBytes<Result>(
    _ bytes: ArraySlice<UInt8>,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    precondition(bytes.count <= capacity)
    let start = base + (capacity - bytes.count)
    bytes.withUnsafeBytes { source in
      if let address = source.baseAddress { memcpy(start, address, source.count) }
    }
    return try body(UnsafeRawBufferPointer(start: start, count: bytes.count))
  }

  struct MappingFailed: Error { var code: Int32 }
}
