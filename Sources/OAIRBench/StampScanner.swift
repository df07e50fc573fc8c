import Glibc

/// Finds the moments at which events were sent, where their text says so: `@ts` and 19 digits,
/// nanoseconds of the machine's clock, wherever reads or chunks cut them.
///
/// `oairouter mock --stamps` writes them.
struct StampScanner: Equatable {
  /// Digits of a moment.
  static let digits = 19
  /// Bytes of `@ts` that were seen, and then digits.
  private var matched = 0
  private var value: UInt64 = 0

  /// The next moment in a piece that ends in it.
  ///
  /// - Parameters:
  ///   - bytes: the piece that follows the one of the former calls.
  ///   - offset: where to go on; moved behind what was looked at.
  /// - Returns: nil when the piece has no further one.
  mutating func next(_ bytes: UnsafeRawBufferPointer, at offset: inout Int) -> UInt64? {
    guard let base = bytes.baseAddress else { return nil }
    while offset < bytes.count {
      if matched == 0 {
        // SAFETY: offset < count.
        guard let hit = memchr(base + offset, 0x40, bytes.count - offset) else {
          offset = bytes.count
          return nil
        }
        offset = UnsafeRawPointer(hit) - base + 1
        matched = 1
        continue
      }
      let byte = bytes[offset]
      if let found = take(byte) {
        offset += 1
        return found
      }
      // A byte that doesn't belong may begin the next one.
      if matched > 0 || byte != 0x40 { offset += 1 }
    }
    return nil
  }

  private mutating func take(_ byte: UInt8) -> UInt64? {
    switch matched {
    case 1: matched = byte == UInt8(ascii: "t") ? 2 : 0
    case 2:
      matched = byte == UInt8(ascii: "s") ? 3 : 0
      value = 0
    default:
      guard byte &- 0x30 < 10 else {
        matched = 0
        return nil
      }
      value = value &* 10 &+ UInt64(byte &- 0x30)
      matched += 1
      guard matched == 3 + Self.digits else { return nil }
      matched = 0
      return value
    }
    return nil
  }
}
