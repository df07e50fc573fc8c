/// Frames an error event as payload, wherever the chunk framing of a stream stands.
enum AbortFrame {
  /// - Parameters:
  ///   - payload: the event.
  ///   - openChunk: where the framing stands behind what the client has.
  /// - Returns: bytes that continue the framing, and never end it: the terminating chunk would make
  ///   the answer look whole.
  static func chunks(_ payload: [UInt8], behind openChunk: ResponseBody.OpenChunk) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payload.count + 24)
    var rest = payload[...]
    switch openChunk {
    case .none: break
    case .owesEnd: bytes += Array("\r\n".utf8)
    case .owes(let count):
      // The rest of the chunk that the backend has begun carries the event's first bytes.
      bytes += rest.prefix(count)
      rest = rest.dropFirst(count)
      if rest.isEmpty { return bytes }
      bytes += Array("\r\n".utf8)
    }
    bytes += Array("\(String(rest.count, radix: 16))\r\n".utf8)
    bytes += rest
    bytes += Array("\r\n".utf8)
    return bytes
  }
}
