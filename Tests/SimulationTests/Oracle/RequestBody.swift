/// A request's body as a backend reads it, by the letter of RFC 9112 section 6.
enum RequestBody {
  /// Neither a length nor chunks, or both, or either in a form that no backend should meet.
  case unframed
  case incomplete
  /// The payload, and where the request ends.
  case whole([UInt8], end: Int)

  init(_ head: ReadHead, _ input: [UInt8]) {
    let lengths = head.values("content-length")
    let codings = head.values("transfer-encoding")
    if codings == ["chunked"], lengths.isEmpty {
      self = Self.chunks(input, from: head.length)
    } else if codings.isEmpty, lengths.count == 1, let length = Int(lengths[0]), length >= 0 {
      let end = head.length + length
      self = input.count < end ? .incomplete : .whole(Array(input[head.length..<end]), end: end)
    } else {
      self = .unframed
    }
  }

  private static func chunks(_ input: [UInt8], from start: Int) -> RequestBody {
    var payload: [UInt8] = []
    var offset = start
    while let lineEnd = input[offset...].firstIndex(of: 10) {
      let line = String(decoding: input[offset..<lineEnd], as: UTF8.self)
      // The router writes neither extensions nor trailers.
      guard line.last == "\r", let size = Int(line.dropLast(), radix: 16) else { return .unframed }
      let data = lineEnd + 1
      guard input.count >= data + size + 2 else { return .incomplete }
      guard input[data + size] == 13, input[data + size + 1] == 10 else { return .unframed }
      if size == 0 { return .whole(payload, end: data + 2) }
      payload += input[data..<(data + size)]
      offset = data + size + 2
    }
    return .incomplete
  }
}
