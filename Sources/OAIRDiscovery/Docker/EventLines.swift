/// Cuts a stream into lines, wherever its pieces are cut.
///
/// A line that is too long is skipped and counted; what comes behind it is read as before.
struct EventLines {
  private var skipped = 0
  private var pending: [UInt8] = []
  private var isSkipping = false
  private let limit: Int

  /// - Parameter limit: bytes of a line without its end.
  init(limit: Int = DiscoveryLimits.eventLine) { self.limit = limit }

  /// Takes a piece in.
  ///
  /// - Returns: the lines that are complete, without their ends; empty ones left out.
  mutating func receive(_ piece: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = piece[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      keep(rest[..<end])
      rest = rest[(end + 1)...]
      if isSkipping {
        skipped += 1
        isSkipping = false
      } else if pending.contains(where: { $0 != UInt8(ascii: "\r") }) {
        lines.append(pending)
      }
      pending.removeAll(keepingCapacity: true)
    }
    keep(rest)
    return lines
  }

  /// How many lines were skipped since the last call.
  mutating func takeSkipped() -> Int {
    defer { skipped = 0 }
    return skipped
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    guard !isSkipping else { return }
    if pending.count + bytes.count > limit {
      isSkipping = true
      pending.removeAll()
    } else {
      pending += bytes
    }
  }
}
