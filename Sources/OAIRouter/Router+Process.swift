import OAIRSys

extension Router {
  /// Sets the C library's allocator as a router wants it: free memory at the top of a heap stays
  /// with the process up to 1 MiB, where 128 KiB would be taken from the kernel and given back in
  /// each turn of a loop under load.
  ///
  /// It holds for the whole process: call it at the beginning of a program that is a router and
  /// nothing else, and leave it alone in any other. Callable from any thread.
  public static func tuneAllocator() { AllocatorSettings.apply() }
}
