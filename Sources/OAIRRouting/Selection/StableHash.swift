/// Hashes that are the same in every process and version: who goes where by them must not change
/// with a restart, nor differ between two routers of one fleet.
///
/// Nothing secret depends on it.
public enum StableHash {
  /// Hashes bytes (FNV-1a, then the finish of SplitMix64, which spreads short inputs that are alike
  /// over all bits).
  ///
  /// - Returns: never 0, which stands for "nothing" where hashes are kept.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return max(1, mix(hash))
  }

  /// Spreads a number over all bits; no two numbers give the same.
  public static func mix(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
