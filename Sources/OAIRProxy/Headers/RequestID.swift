/// The id that ties the log lines of client, router and backend together: the client's own, if it
/// is short and harmless, else one of ours.
struct RequestIDSource {
  /// What all ids of this process begin with, which tells it from others.
  private let prefix: InlineArray<22, UInt8>

  init(seed: UInt64) {
    var prefix = InlineArray<22, UInt8>(repeating: UInt8(ascii: "-"))
    for (index, byte) in "oair".utf8.enumerated() { prefix[index] = byte }
    for index in 0..<16 { prefix[5 + index] = Self.digit(seed, index) }
    self.prefix = prefix
  }

  /// LIMIT: length of our own ids: "oair-", 16 hex digits, "-", 16 hex digits.
  static let length = 38

  /// Writes the id of an exchange.
  func write(_ serial: UInt64, to memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
    precondition(memory.count >= Self.length, "no room for a request id")
    withUnsafeBytes(of: prefix) { memory.copyMemory(from: $0) }
    for index in 0..<16 { memory[22 &+ index] = Self.digit(serial, index) }
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<Self.length])
  }

  /// One of the 16 hexadecimal digits, the first one first.
  @inline(__always)
  private static func digit(_ value: UInt64, _ index: Int) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value &>> UInt64(60 &- 4 &* index)) & 15
    return digit &+ (digit < 10 ? 0x30 : 0x57)
  }

  /// True for letters, digits and `-_.:/+=@`, 1 … 128 of them: nothing that could break a log line
  /// or a header field.
  static func isSafe(_ id: UnsafeRawBufferPointer) -> Bool {
    guard id.count > 0, id.count <= ProxyLimits.requestID else { return false }
    return id.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
      case 0x2d, 0x5f, 0x2e, 0x3a, 0x2f, 0x2b, 0x3d, 0x40: true
      default: false
      }
    }
  }
}
