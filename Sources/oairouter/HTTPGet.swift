import Glibc
import OAIRHTTP1

/// One GET, blocking, on a connection of its own: what the commands that ask a running server need.
struct HTTPGet {
  /// What a server answered.
  struct Response {
    let status: Int
    let body: [UInt8]
  }

  /// LIMIT: bytes of an answer, head and framing included.
  static let maximumSize = 16 << 20

  private let server: ServerURL
  private let deadline: Deadline

  /// Makes a client for one server.
  ///
  /// - Parameters:
  ///   - server: whom to ask.
  ///   - limit: how long one request may take in all; resolving a name comes on top.
  init(_ server: ServerURL, within limit: Duration = .seconds(5)) {
    self.server = server
    deadline = Deadline(limit)
  }

  /// Asks for a path below the server's prefix.
  ///
  /// - Throws: `CommandFailure` when nobody listens, nothing comes in time, or what comes isn't
  ///   HTTP. Every status is an answer.
  func fetch(_ path: String) throws(CommandFailure) -> Response {
    let stream = try SocketStream(server, deadline)
    let request =
      "GET \(server.prefix)\(path) HTTP/1.1\r\nHost: \(server.authority)\r\n"
      + "Accept: application/json\r\nUser-Agent: oairouter/\(Version.text)\r\n"
      + "Connection: close\r\n\r\n"
    try stream.send(Array(request.utf8))
    var answer = HTTPAnswer()
    while true {
      let piece = try stream.receive()
      do {
        if let response = try answer.take(piece) { return response }
      } catch {
        throw CommandFailure("\(server)\(path): the answer is broken: \(error.text)")
      }
    }
  }
}

/// An answer that is being received. Pure: bytes in, a response out.
struct HTTPAnswer {
  /// Why the bytes aren't an answer.
  struct Fault: Error, Equatable {
    let text: String
  }

  private var bytes: [UInt8] = []
  private var head: ResponseHead?
  private var decoder = ChunkedDecoder(limits: HTTP1Limits(), isResponse: true)
  private var payload: [UInt8] = []

  /// Takes the next piece.
  ///
  /// - Parameter piece: empty: the server has closed.
  /// - Returns: the response, once it is complete.
  mutating func take(_ piece: [UInt8]) throws(Fault) -> HTTPGet.Response? {
    guard bytes.count + payload.count + piece.count <= HTTPGet.maximumSize else {
      throw Fault(text: "it is longer than \(HTTPGet.maximumSize) bytes")
    }
    bytes.append(contentsOf: piece)
    while head == nil {
      guard try takeHead() else {
        guard piece.isEmpty else { return nil }
        throw Fault(text: "the connection was closed before its head was complete")
      }
    }
    guard let head else { return nil }
    return try takeBody(head, isClosed: piece.isEmpty)
  }

  /// - Returns: false when more bytes are needed; true also for an interim answer, which is skipped.
  private mutating func takeHead() throws(Fault) -> Bool {
    var table = HeadTable(capacity: HTTP1Limits().fields)
    let parse = bytes.withUnsafeBytes { bytes in
      ResponseHeadParser.parse(
        bytes, previouslyScanned: 0, requestMethod: .get, into: &table, limits: HTTP1Limits())
    }
    switch parse {
    case .needMore: return false
    case .failed(let error): throw Fault(text: error.reason.description)
    case .head(let parsed):
      bytes.removeFirst(parsed.length)
      if parsed.status >= 200 { head = parsed }
      return true
    }
  }

  private mutating func takeBody(
    _ head: ResponseHead, isClosed: Bool
  ) throws(Fault) -> HTTPGet.Response? {
    var isComplete = false
    switch head.framing {
    case .none: isComplete = true
    case .length(let count):
      isComplete = bytes.count >= count
      if isComplete { payload = Array(bytes.prefix(count)) }
    case .untilClose:
      isComplete = isClosed
      if isComplete { payload = bytes }
    case .chunked: isComplete = try takeChunks()
    }
    if isComplete { return HTTPGet.Response(status: head.status, body: payload) }
    guard !isClosed else {
      throw Fault(text: "the connection was closed before its body was complete")
    }
    return nil
  }

  private mutating func takeChunks() throws(Fault) -> Bool {
    var offset = 0
    var step = ChunkedDecoder.Step.needMore
    bytes.withUnsafeBytes { bytes in
      repeat {
        step = decoder.next(bytes, at: &offset)
        if case .payload(let range) = step { payload.append(contentsOf: bytes[range]) }
      } while step.isProgress
    }
    bytes.removeFirst(offset)
    if case .failed(let error) = step { throw Fault(text: error.reason.description) }
    return step == .end
  }
}

extension ChunkedDecoder.Step {
  fileprivate var isProgress: Bool {
    switch self {
    case .payload, .lastChunk: true
    case .end, .needMore, .failed: false
    }
  }
}
