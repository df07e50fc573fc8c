/// Reads one response as a client does, by the letter of RFC 9112, and says how it ended.
struct ResponseReader {
  enum Framing: Equatable { case unknown, none, length(Int), chunked, untilClose }

  private enum ChunkState { case size, data(Int), dataEnd, trailers }

  private let isHead: Bool
  private var bytes: [UInt8] = []
  private var offset = 0
  private var chunk = ChunkState.size
  private(set) var head: ReadHead?
  private(set) var framing = Framing.unknown
  private(set) var payload: [UInt8] = []
  /// The answer is whole.
  private(set) var isComplete = false
  /// What is wrong with it, nil if nothing is.
  private(set) var fault: String?
  private(set) var interimCount = 0
  /// The connection's end is this answer's only end.
  private(set) var endsCleanly = false

  init(isHead: Bool) { self.isHead = isHead }

  var status: Int { head.flatMap { Int($0.firstLine.dropFirst(9).prefix(3)) } ?? 0 }
  var hasBytes: Bool { !bytes.isEmpty }
  /// Bytes behind the answer.
  var rest: [UInt8] { isComplete ? Array(bytes[offset...]) : [] }

  mutating func feed(_ more: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: more)
    advance()
  }

  mutating func feed(_ more: [UInt8]) {
    bytes += more
    advance()
  }

  /// The connection has ended; `isClean` with a FIN.
  mutating func connectionEnded(isClean: Bool) {
    endsCleanly = isClean
    if framing == .untilClose, isClean { isComplete = true }
  }

  private mutating func advance() {
    while !isComplete, fault == nil {
      if head == nil, !readHead() { return }
      switch framing {
      case .none, .unknown: isComplete = true
      case .length(let length):
        take(min(length - payload.count, bytes.count - offset))
        guard payload.count == length else { return }
        isComplete = true
      case .untilClose:
        take(bytes.count - offset)
        return
      case .chunked:
        if !readChunkPart() { return }
      }
    }
  }

  private mutating func take(_ count: Int) {
    guard count > 0 else { return }
    payload += bytes[offset..<(offset + count)]
    offset += count
  }

  private mutating func readHead() -> Bool {
    guard let read = ReadHead(bytes, from: offset) else { return false }
    offset += read.length
    guard read.firstLine.hasPrefix("HTTP/1.1 ") else {
      fault = "status line \(read.firstLine)"
      return false
    }
    if read.firstLine.hasPrefix("HTTP/1.1 1") {
      interimCount += 1
      return readHead()
    }
    head = read
    frame(read)
    return true
  }

  private mutating func frame(_ head: ReadHead) {
    let lengths = head.values("content-length")
    let codings = head.values("transfer-encoding")
    if lengths.count + codings.count > 1 { fault = "ambiguous framing" }
    if isHead || status == 204 || status == 304 {
      framing = .none
    } else if codings == ["chunked"] {
      framing = .chunked
    } else if let text = lengths.first {
      guard let length = Int(text) else {
        fault = "Content-Length \(text)"
        return
      }
      framing = .length(length)
    } else {
      framing = .untilClose
    }
  }

  private mutating func readChunkPart() -> Bool {
    switch chunk {
    case .size:
      guard let line = takeLine() else { return false }
      let digits = line.prefix { $0 != ";" }
      guard let size = Int(digits, radix: 16) else {
        fault = "chunk size '\(line)'"
        return false
      }
      chunk = size == 0 ? .trailers : .data(size)
    case .data(let left):
      let count = min(left, bytes.count - offset)
      take(count)
      guard count == left else {
        chunk = .data(left - count)
        return false
      }
      chunk = .dataEnd
    case .dataEnd:
      guard let line = takeLine() else { return false }
      guard line.isEmpty else {
        fault = "no CRLF behind a chunk"
        return false
      }
      chunk = .size
    case .trailers:
      guard let line = takeLine() else { return false }
      if line.isEmpty { isComplete = true } else { fault = "a trailer was passed on" }
    }
    return true
  }

  private mutating func takeLine() -> String? {
    guard let end = bytes[offset...].firstIndex(of: 10) else { return nil }
    guard end > offset, bytes[end - 1] == 13 else {
      fault = "a line without CR"
      return nil
    }
    let line = String(decoding: bytes[offset..<(end - 1)], as: UTF8.self)
    offset = end + 1
    return line
  }
}
