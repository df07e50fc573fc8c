import Glibc

/// How many descriptors this process may have open.
public enum DescriptorLimit {
  /// The soft limit (RLIMIT_NOFILE), at most 1,048,576; 1,024 when it can't be read.
  public static var current: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    return Int(clamping: min(limit.rlim_cur, 1 << 20))
  }

  /// Raises the soft limit to the hard one; a higher one stays.
  ///
  /// For programs, never for the library: it changes the whole process, and children inherit it.
  ///
  /// - Parameter most: where it ends, 1,048,576 at most.
  /// - Returns: `current` afterwards.
  public static func raise(to most: Int = 1 << 20) -> Int {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    let wanted = UInt(max(0, min(most, 1 << 20)))
    if getrlimit(kind, &limit) == 0, limit.rlim_cur < min(limit.rlim_max, wanted) {
      limit.rlim_cur = min(limit.rlim_max, wanted)
      setrlimit(kind, &limit)
    }
    return current
  }

  /// Makes the kernel's table of this process's descriptors as long as it may get; eight bytes for
  /// each, of the kernel's.
  ///
  /// The table grows by doubling, and in a process with threads whoever needs the next descriptor
  /// waits until no processor looks at the former one any more (`synchronize_rcu`): 8 to 15 ms in
  /// accept4(2), three times on the way to 1,000 clients. Without threads there is nobody to wait
  /// for: to be called before there are any. It never shrinks.
  ///
  /// - Parameter count: descriptors, at most `current`.
  public static func reserveTable(_ count: Int) {
    let any = open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard any >= 0 else { return }
    let highest = fcntl(any, F_DUPFD_CLOEXEC, Int32(clamping: min(count, current) - 1))
    if highest >= 0 { close(highest) }
    close(any)
  }
}
