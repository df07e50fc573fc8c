import Glibc

/// Decides whether a call with more bytes has to parse, so that a head that trickles in costs time
/// proportional to its length, not to its square.
///
/// Parsers keep no state between calls. Only a full parse gives a verdict, so how a head was cut
/// into reads can't change it; this merely says when a full parse can't but answer `needMore`.
enum HeadResumption {
  /// Whether a parse of these bytes could end in anything but `needMore`.
  ///
  /// - Parameters:
  ///   - bytes: all bytes received so far.
  ///   - previouslyScanned: how many of them an earlier call has answered with `needMore`.
  ///   - limits: the same as in that call.
  @inline(__always)
  static func mustParse(
    _ bytes: UnsafeRawBufferPointer,
    _ previouslyScanned: Int,
    _ limits: HTTP1Limits
  ) -> Bool {
    if previouslyScanned <= 0 || previouslyScanned > bytes.count { return true }
    return crossesThreshold(bytes.count, previouslyScanned, limits)
      || holdsLineOfNote(bytes, from: previouslyScanned)
  }

  /// Whether the head has grown so much that it is time to parse what there is.
  ///
  /// Limits must strike before the head is complete. Parsing again at each power of two finds
  /// garbage and surplus fields early, and costs less than two parses in all.
  private static func crossesThreshold(
    _ count: Int,
    _ previous: Int,
    _ limits: HTTP1Limits
  ) -> Bool {
    if previous.leadingZeroBitCount != count.leadingZeroBitCount { return true }
    if count >= limits.head { return true }
    let firstLine = limits.requestLine + 2 + 2 * HTTP1Limits.leadingEmptyLines
    return previous < firstLine && count >= firstLine
  }

  /// Whether the new bytes hold an empty line, which may end the head, or a bare LF, which is
  /// refused.
  private static func holdsLineOfNote(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
    // SAFETY: 0 < start <= count, so the offsets below stay inside the buffer.
    guard let base = bytes.baseAddress else { return false }
    var index = start
    while index < bytes.count,
      let hit = memchr(base + index, Int32(ByteClass.lineFeed), bytes.count &- index)
    {
      index = UnsafeRawPointer(hit) - base
      if ByteScan.byte(base, index &- 1) != ByteClass.carriageReturn { return true }
      if index >= 2, ByteScan.byte(base, index &- 2) == ByteClass.lineFeed { return true }
      index &+= 1
    }
    return false
  }
}
