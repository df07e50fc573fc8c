/// A span of bytes inside a message head, as offsets from the head's first byte.
///
/// Eight bytes instead of the sixteen of `Range<Int>`: a table of a hundred fields stays within a
/// few cache lines. Heads are bounded by `HTTP1Limits.head`, far below 4 GiB.
public struct ByteRange: Equatable, Sendable {
  /// Offset of the first byte.
  public var start: UInt32
  /// Offset just behind the last byte.
  public var end: UInt32

  /// Makes the range `start ..< end`.
  ///
  /// - Parameters:
  ///   - start: offset of the first byte, 0 ... 2^32 - 1.
  ///   - end: offset behind the last byte, `start` ... 2^32 - 1.
  public init(_ start: Int, _ end: Int) {
    precondition(start >= 0 && start <= end && end <= Int(UInt32.max), "not a range of a head")
    self.init(within: start, end)
  }

  /// The same without the checks, for offsets that a parser has already bounded.
  @inline(__always)
  init(within start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.end = UInt32(truncatingIfNeeded: end)
  }

  /// The range that holds nothing.
  static var empty: ByteRange { ByteRange(within: 0, 0) }

  /// Number of bytes.
  public var count: Int { Int(end) &- Int(start) }

  /// Whether it holds no byte.
  public var isEmpty: Bool { start == end }

  /// The same as a `Range<Int>`, to subscript buffers with.
  public var range: Range<Int> { Int(start)..<Int(end) }
}
