import OAIRHTTP1

/// The id that ties the log lines of client, router and backend together: the client's own, if it
/// is short and harmless, else one of ours.
struct RequestIDSource {
  /// Tells this process from others.
  private let prefix: UInt64

  init(seed: UInt64) { prefix = seed }

  /// LIMIT: length of our own ids: "oair-", 16 hex digits, "-", 16 hex digits.
  static let length = 38

  /// Writes the id of an exchange.
  func write(_ serial: UInt64, to memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
    precondition(memory.count >= Self.length, "no room for a request id")
    var writer = HeadWriter(memory)
    writer.append("oair-")
    Self.append(prefix, &writer)
    writer.append(byte: UInt8(ascii: "-"))
    Self.append(serial, &writer)
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<writer.count])
  }

  private static func append(_ value: UInt64, _ writer: inout HeadWriter) {
    for shift in stride(from: 60, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
      writer.append(byte: digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
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
