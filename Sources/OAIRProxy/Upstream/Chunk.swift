/// Chunk framing of our own (RFC 9112 section 7.1), for payload that came without.
enum Chunk {
  /// - Parameter isLast: the terminating chunk follows.
  /// - Returns: the payload as one chunk; no chunk for no payload, which would end the body.
  static func wrap(_ payload: UnsafeRawBufferPointer, isLast: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payload.count + 24)
    if !payload.isEmpty {
      bytes += Array("\(String(payload.count, radix: 16))\r\n".utf8)
      bytes += payload
      bytes += Array("\r\n".utf8)
    }
    if isLast { bytes += Array("0\r\n\r\n".utf8) }
    return bytes
  }
}
