import OAIRHTTP1
import OAIRSys

/// Reads one response out of what a connection brings: head, framing, body.
///
/// Sans-I/O; owned by one control exchange, on the control client's thread.
struct ResponseReader: ~Copyable {
  enum Progress: Equatable {
    case more, complete
    case failed(ControlFailure)
  }

  /// The status, once the head is in.
  private(set) var status: Int?
  /// The `Server` field.
  private(set) var server: String?
  /// The `Api-Version` field.
  private(set) var apiVersion: String?
  private var body: [UInt8] = []
  private let bodyLimit: Int
  private var pending = ByteQueue()
  private var scanned = 0
  private var framing = MessageFraming.none
  private var remaining = 0
  private var decoder = ChunkedDecoder(limits: HTTP1Limits(), isResponse: true)

  init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

  /// What came of the body since the last call.
  mutating func takeBody() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &body)
    return taken
  }

  /// Takes bytes in; what is behind the response is ignored, since the connection is closed.
  mutating func receive(
    _ bytes: UnsafeRawBufferPointer,
    table: inout HeadTable
  ) -> Progress {
    pending.append(bytes)
    if status == nil {
      let progress = readHead(&table)
      guard progress == .complete else { return progress }
    }
    return readBody()
  }

  /// Takes the end of the connection in.
  mutating func receiveEnd() -> Progress {
    status != nil && framing == .untilClose ? .complete : .failed(.closed)
  }

  private mutating func readHead(_ table: inout HeadTable) -> Progress {
    while true {
      let parse = ResponseHeadParser.parse(
        pending.bytes,
        previouslyScanned: scanned,
        requestMethod: .get,
        into: &table,
        limits: HTTP1Limits()
      )
      switch parse {
      case .needMore:
        scanned = pending.count
        return .more
      case .failed:
        return .failed(.malformed)
      case .head(let head):
        if head.status >= 200 { begin(head, table) }
        pending.consume(head.length)
        scanned = 0
        // An interim response is followed by the one that counts (RFC 9110 15.2).
        if head.status >= 200 { return .complete }
      }
    }
  }

  private mutating func begin(_ head: ResponseHead, _ table: borrowing HeadTable) {
    status = head.status
    framing = head.framing
    if case .length(let length) = head.framing { remaining = length }
    if let field = table.first(.server) { server = text(field.value) }
    for index in 0..<table.count where table[index].known == .other {
      if text(table[index].name).lowercased() == "api-version" {
        apiVersion = text(table[index].value)
      }
    }
  }

  private func text(_ range: ByteRange) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: pending.bytes[range.range]), as: UTF8.self)
  }

  private mutating func readBody() -> Progress {
    switch framing {
    case .none:
      return .complete
    case .length:
      let count = min(remaining, pending.count)
      guard append(pending.bytes[..<count]) else { return .failed(.tooLarge) }
      pending.consume(count)
      remaining -= count
      return remaining == 0 ? .complete : .more
    case .untilClose:
      guard append(pending.bytes[...]) else { return .failed(.tooLarge) }
      pending.removeAll()
      return .more
    case .chunked:
      return readChunks()
    }
  }

  private mutating func readChunks() -> Progress {
    var offset = 0
    while true {
      switch decoder.next(pending.bytes, at: &offset) {
      case .payload(let range):
        guard append(pending.bytes[range]) else { return .failed(.tooLarge) }
      case .lastChunk:
        continue
      case .end:
        return .complete
      case .needMore:
        pending.consume(offset)
        return .more
      case .failed:
        return .failed(.malformed)
      }
    }
  }

  private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard body.count + bytes.count <= bodyLimit else { return false }
    body.append(contentsOf: bytes)
    return true
  }
}
