import Glibc

/// Memory that ends at a page without access: whoever reads one byte too far ends the process, with
/// or without a sanitizer.
///
/// One per thread of testing; allocated once, so that a run costs a copy and no system call.
final class GuardedCopy {
  /// LIMIT: bytes of one input; longer ones are passed over.
  static let capacity = 128 << 10

  private let base: UnsafeMutableRawPointer
  private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

  init() {
    let memory = mmap(
      nil,
      Self.capacity + page,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS,
      -1,
      0
    )
    guard let memory, memory != MAP_FAILED, mprotect(memory + Self.capacity, page, PROT_NONE) == 0
    else { fatalError("no guarded memory: errno \(errno)") }
    base = memory
  }

  deinit { munmap(base, Self.capacity + page) }

  /// Calls with a copy of the bytes that ends at the page; for no call inside another.
  func with<Result>(
    _ bytes: some Collection<UInt8>,
    _ look: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    // SAFETY: `count` bytes in front of the page are ours; `capacity` bounds it.
    let count = bytes.count
    precondition(count <= Self.capacity, "an input of \(count) bytes")
    let copy = UnsafeMutableRawBufferPointer(start: base + (Self.capacity - count), count: count)
    copy.copyBytes(from: bytes)
    return look(UnsafeRawBufferPointer(copy))
  }
}
