import Glibc

/// How many descriptors this process may have open.
public enum DescriptorLimit {
  /// The soft limit (RLIMIT_NOFILE), at most 1,048,576; 1,024 when it can't be read.
  public static var current: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    return Int(clamping: min(limit.rlim_cur, 1 << 20))
  }

  /// Raises the soft limit to the hard one, as far as `current` counts.
  ///
  /// For programs, never for the library: it changes the whole process.
  ///
  /// - Returns: `current` afterwards.
  public static func raise() -> Int {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    if getrlimit(kind, &limit) == 0, limit.rlim_cur < limit.rlim_max {
      limit.rlim_cur = min(limit.rlim_max, 1 << 20)
      setrlimit(kind, &limit)
    }
    return current
  }
}
