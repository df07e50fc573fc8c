import Glibc

/// Memory that ends at a page without access, so that one byte read too far ends the test.
final class GuardedBytes {
  private let base: UnsafeMutableRawPointer
  private let usable: Int
  private let mapped: Int

  /// Room for `capacity` bytes.
  init(capacity: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    usable = (max(capacity, 1) + page - 1) / page * page
    mapped = usable + page
    guard
      let memory = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED, mprotect(memory + usable, page, PROT_NONE) == 0
    else { fatalError("no guarded memory: errno \(errno)") }
    base = memory
  }

  /// Puts the bytes against the guard and shows them.
  func place<R>(_ bytes: ArraySlice<UInt8>, _ look: (UnsafeRawBufferPointer) -> R) -> R {
    let start = base + (usable - bytes.count)
    bytes.withUnsafeBytes { source in
      if let address = source.baseAddress { memcpy(start, address, source.count) }
    }
    return look(UnsafeRawBufferPointer(start: start, count: bytes.count))
  }

  deinit {
    munmap(base, mapped)
  }
}
