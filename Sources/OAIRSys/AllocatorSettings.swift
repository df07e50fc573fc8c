import COAIRSys
import Synchronization

/// The C library's allocator, as a router wants it.
public enum AllocatorSettings {
  /// Free memory at the top of a thread's heap, in bytes, that isn't given back to the kernel.
  ///
  /// By itself the allocator keeps 128 KiB: a tick that takes sixty requests and ends them gave
  /// more than that back, and took it again page by page in the next one (a page fault for every
  /// third request).
  private static let keptTop: Int32 = 1 << 20
  /// Blocks of so many bytes or more are the kernel's own mappings: those that `SpareBlocks` keeps.
  private static let mapped = Int32(SpareBlocks.smallestBlock)

  /// Sets it for the whole process; for a program's own beginning, never for a library.
  public static func apply() {
    mallopt(M_TRIM_THRESHOLD, keptTop)
    mallopt(M_MMAP_THRESHOLD, mapped)
    isApplied.store(true, ordering: .relaxed)
  }

  private static let isApplied = Atomic<Bool>(false)

  /// Gives back what the allocator has free in the midst of its heaps, which it never does by
  /// itself.
  ///
  /// Looks at everything that is free, and holds up who allocates meanwhile: 10,000 free blocks
  /// between others take about 10 ms. Does nothing unless `apply` was called: another program's
  /// heap, which has the router as a library, is none of its business.
  public static func releaseFree() {
    guard isApplied.load(ordering: .relaxed) else { return }
    malloc_trim(Int(keptTop))
  }
}
