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
}
