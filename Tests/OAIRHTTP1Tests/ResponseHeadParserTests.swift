import OAIRHTTP1
import Testing

struct ResponseHeadParserTests {
  // MARK: - Recorded heads

  @Test func `the head of a llama_cpp stream`() throws {
    let source =
      "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
      + "X-Accel-Buffering: no\r\nContent-Type: text/event-stream\r\n"
      + "Transfer-Encoding: chunked\r\nKeep-Alive: timeout=5, max=100\r\n\r\n"
    let (head, fields) = try requireResponse(source)
    #expect(head.status == 200)
    #expect(text(source, head.statusRange) == "200")
    #expect(text(source, head.reason) == "OK")
    #expect(head.framing == .chunked)
    #expect(head.isKeepAlive)
    #expect(head.contentKind == .eventStream)
    #expect(!head.isEncoded)
    #expect(head.keepAliveTimeoutSeconds == 5)
    #expect(head.keepAliveMax == 100)
    #expect(head.retryAfterSeconds == nil)
    #expect(head.length == source.utf8.count)
    #expect(fields[1].value == "")
  }

  @Test func `the head of a llama_cpp refusal closes the connection`() throws {
    let source =
      "HTTP/1.1 401 Unauthorized\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
      + "Content-Type: application/json; charset=utf-8\r\nContent-Length: 80\r\n"
      + "Connection: close\r\n\r\n{\"error\":{}}"
    let (head, _) = try requireResponse(source)
    #expect(head.status == 401)
    #expect(head.framing == .length(80))
    #expect(!head.isKeepAlive)
    #expect(head.contentKind == .json)
    #expect(head.keepAliveTimeoutSeconds == nil)
  }

  @Test func `the head of a vLLM stream`() throws {
    let source =
      "HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 07:25:43 GMT\r\nserver: uvicorn\r\n"
      + "content-type: text/event-stream; charset=utf-8\r\nvary: Origin\r\n"
      + "transfer-encoding: chunked\r\n\r\ndata: {}"
    let (head, fields) = try requireResponse(source)
    #expect(head.framing == .chunked)
    #expect(head.contentKind == .eventStream)
    #expect(head.isKeepAlive)
    #expect(fields.map(\.known) == [.date, .server, .contentType, .other, .transferEncoding])
  }

  // MARK: - Framing

  static let framings: [(String, HTTPMethod, MessageFraming)] = [
    ("200 OK\r\nContent-Length: 5\r\n", .post, .length(5)),
    ("200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n", .post, .length(5)),
    ("200 OK\r\nTransfer-Encoding: chunked\r\n", .post, .chunked),
    ("200 OK\r\n", .post, .untilClose),
    ("200 OK\r\nContent-Length: 5\r\n", .head, .none),
    ("200 OK\r\nTransfer-Encoding: chunked\r\n", .head, .none),
    ("204 No Content\r\n", .post, .none),
    ("304 Not Modified\r\nContent-Length: 5\r\n", .get, .none),
    ("100 Continue\r\n", .post, .none),
    ("103 Early Hints\r\nLink: x\r\n", .post, .none),
    ("205 Reset Content\r\nContent-Length: 0\r\n", .post, .length(0)),
    ("500 Oops\r\nContent-Length: 1\r\n", .connect, .length(1)),
  ]

  @Test(arguments: framings)
  func `the framing follows RFC 9112 section 6_3`(
    rest: String,
    method: HTTPMethod,
    framing: MessageFraming
  ) throws {
    let (head, _) = try requireResponse("HTTP/1.1 \(rest)\r\n", to: method)
    #expect(head.framing == framing)
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", true),
    ("HTTP/1.1 200 OK\r\n", false),
    ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", false),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n", false),
    ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n", false),
    ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n", true),
    ("HTTP/1.1 204 No Content\r\n", true),
    ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n", true),
    ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n", false),
    ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n", false),
    ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n", true),
  ])
  func `the connection is used again only if its next byte is certain`(
    source: String,
    isKeepAlive: Bool
  ) throws {
    let (head, _) = try requireResponse(source + "\r\n")
    #expect(head.isKeepAlive == isKeepAlive)
  }

  static let refusals: [Refusal] = [
    Refusal("HTTP/1.1 101 Switching Protocols\r\n\r\n", .unexpectedUpgrade),
    Refusal(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      .conflictingContentLength
    ),
    Refusal("HTTP/1.1 200 OK\r\nContent-Length: 5,5\r\n\r\n", .invalidContentLength),
    Refusal("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .invalidContentLength),
    Refusal(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      .lengthAndTransferEncoding
    ),
    Refusal(
      "HTTP/1.1 304 X\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      .lengthAndTransferEncoding
    ),
    Refusal("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
    Refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .invalidTransferEncoding),
    Refusal(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      .unsupportedTransferEncoding
    ),
    Refusal("HTTP/1.1 200 OK\r\nX: a\u{0}b\r\n\r\n", .invalidFieldValue),
    Refusal("HTTP/1.1 200 OK\r\nX : a\r\n\r\n", .whitespaceBeforeColon),
    Refusal("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", .foldedLine),
    Refusal("HTTP/1.1 200 OK\r\nX: a\n\r\n", .bareLineFeed),
    Refusal("HTTP/1.1 200 OK\n\n", .bareLineFeed),
  ]

  @Test(arguments: refusals)
  func `a response that could be read in two ways is a bad gateway`(refusal: Refusal) throws {
    let outcome = try ParserHarness.responses().outcome(refusal.bytes)
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == refusal.kind)
    #expect(error.status == 502)
  }

  @Test func `101 is an answer for those who asked`() throws {
    let source = "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
    let (head, _) = try requireResponse(source, to: .get, allowsUpgrade: true)
    #expect(head.status == 101)
    #expect(head.framing == .none)
  }

  @Test(arguments: [
    ("Retry-After: 30\r\n", 30), ("Retry-After: Sun, 22 Nov 2026 07:25:43 GMT\r\n", nil),
    ("Retry-After: -1\r\n", nil), ("Retry-After: 99999999999\r\n", 999_999_999), ("", nil),
  ])
  func `a retry time in seconds is read`(field: String, seconds: Int?) throws {
    let (head, _) = try requireResponse("HTTP/1.1 503 X\r\n\(field)\r\n")
    #expect(head.retryAfterSeconds == seconds)
  }

  @Test(arguments: [
    ("timeout=5, max=100", 5, 100), ("Timeout=5", 5, nil), ("MAX=1", nil, 1), ("", nil, nil),
    ("timeout=, max=x", nil, nil), ("timeout = 5", nil, nil), ("max=0,timeout=0", 0, 0),
    ("300", nil, nil),
  ])
  func `what a server says of its patience is read`(
    value: String,
    timeout: Int?,
    max: Int?
  ) throws {
    let (head, _) = try requireResponse("HTTP/1.1 204 X\r\nKeep-Alive: \(value)\r\n\r\n")
    #expect(head.keepAliveTimeoutSeconds == timeout)
    #expect(head.keepAliveMax == max)
  }

  @Test func `a coded body and fields for one hop are noticed`() throws {
    let (head, fields) = try requireResponse(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n"
    )
    #expect(head.isEncoded)
    #expect(fields.filter(\.isNamedByConnection).map(\.name) == ["X-Hop"])
  }

  @Test func `Host and Expect mean nothing in a response`() throws {
    let (_, fields) = try requireResponse(
      "HTTP/1.1 200 OK\r\nHost: a b\r\nHost: c\r\nExpect: x\r\n\r\n"
    )
    #expect(fields.count == 3)
  }
}
