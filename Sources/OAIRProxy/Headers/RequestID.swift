/// The id that ties the log lines of client, router and backend together: the client's own, if it
/// is short and harmless, else one of ours.
struct RequestIDSource {
  /// What all ids of this process begin with, which tells it from others.
  private let prefix: InlineArray<22, UInt8>

  init(seed: UInt64) {
    var prefix = InlineArray<22, UInt8>(repeating: UInt8(ascii: "-"))
    for (index, byte) in "oair".utf8.enumerated() { prefix[index] = byte }
    let (high, low) = Self.digits(seed)
    for index in 0..<8 {
      prefix[5 + index] = UInt8(truncatingIfNeeded: high &>> UInt64(8 * index))
      prefix[13 + index] = UInt8(truncatingIfNeeded: low &>> UInt64(8 * index))
    }
    self.prefix = prefix
  }

  /// LIMIT: length of our own ids: "oair-", 16 hex digits, "-", 16 hex digits.
  static let length = 38

  /// Writes the id of an exchange.
  ///
  /// - Parameter memory: of `length` bytes.
  func write(_ serial: UInt64, to memory: UnsafeMutableRawBufferPointer) {
    precondition(memory.count == Self.length, "no room for a request id")
    withUnsafeBytes(of: prefix) { memory.copyMemory(from: $0) }
    let (high, low) = Self.digits(serial)
    memory.storeBytes(of: high.littleEndian, toByteOffset: 22, as: UInt64.self)
    memory.storeBytes(of: low.littleEndian, toByteOffset: 30, as: UInt64.self)
  }

  /// The 16 hexadecimal digits of a number, as two times eight bytes, the first one lowest.
  @inline(__always)
  private static func digits(_ value: UInt64) -> (UInt64, UInt64) {
    (
      digits(UInt32(truncatingIfNeeded: value &>> 32)),
      digits(UInt32(truncatingIfNeeded: value))
    )
  }

  /// Eight digits at once: each half byte gets a byte of its own, then all become characters.
  @inline(__always)
  private static func digits(_ value: UInt32) -> UInt64 {
    var spread = UInt64(value.byteSwapped)
    spread = (spread | spread &<< 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread &<< 8) & 0x00FF_00FF_00FF_00FF
    // The upper half of a byte comes first.
    spread = (spread &>> 4 | spread &<< 8) & 0x0F0F_0F0F_0F0F_0F0F
    // 1 in each byte of ten or more, whose character lies 0x27 behind that of a digit.
    let letters = (spread &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
    return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
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
