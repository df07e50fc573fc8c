import OAIRHTTP1
import Testing

struct RequestHeadParserTests {
  @Test func `a request of the OpenAI client is understood whole`() throws {
    let source =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:11434\r\n"
      + "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
      + "authorization: Bearer sk-test\r\naccept: application/json\r\n"
      + "content-type: application/json\r\nuser-agent: OpenAI/Python 3.54.0\r\n"
      + "x-stainless-lang: python\r\nContent-Length: 72\r\n\r\n"
    let (head, fields) = try requireRequest(source)
    #expect(head.method == .post)
    #expect(text(source, head.target) == "/v1/chat/completions")
    #expect(text(source, head.path) == "/v1/chat/completions")
    #expect(head.query.isEmpty)
    #expect(text(source, head.host) == "127.0.0.1:11434")
    #expect(head.minorVersion == 1)
    #expect(head.framing == .length(72))
    #expect(head.isKeepAlive)
    #expect(!head.expectsContinue)
    #expect(head.upgrade == .none)
    #expect(!head.hasContentEncoding)
    #expect(head.contentKind == .json)
    #expect(head.length == source.utf8.count)
    #expect(
      fields.map(\.known) == [
        .host, .acceptEncoding, .connection, .authorization, .accept, .contentType, .userAgent,
        .other, .contentLength,
      ]
    )
    #expect(fields[4].value == "application/json")
  }

  @Test func `what follows the head is not looked at`() throws {
    let source = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    let (head, _) = try requireRequest(source + "\u{0}garbage\n\nGET")
    #expect(head.length == source.utf8.count)
  }

  @Test func `empty lines before the request line are skipped, up to two`() throws {
    let source = "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    let (head, _) = try requireRequest(source)
    #expect(text(source, head.target) == "/x")
    #expect(head.length == source.utf8.count)
    let outcome = try ParserHarness.requests().outcome(Array(("\r\n" + source).utf8))
    #expect(outcome == .failed(HTTP1Error(.malformedRequestLine, at: 4)))
  }

  @Test func `no bytes are not an error`() throws {
    #expect(try ParserHarness.requests().outcome([]) == .needMore)
  }

  /// The rest of the tables below, as whole requests.
  private static func get(_ fields: String, target: String = "/") -> String {
    "GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
  }

  static let framings: [(String, MessageFraming)] = [
    (get(""), .none),
    (get("Content-Length: 0\r\n"), .length(0)),
    (get("Content-Length: 9223372036854775807\r\n"), .length(.max)),
    (get("content-length:\t 0007 \t\r\n"), .length(7)),
    (get("Content-Length: 5\r\nContent-Length: 5\r\n"), .length(5)),
    (get("Transfer-Encoding: chunked\r\n"), .chunked),
    (get("transfer-encoding:CHUNKED\r\n"), .chunked),
  ]

  @Test(arguments: framings)
  func `the framing follows RFC 9112 section 6_3`(source: String, framing: MessageFraming) throws {
    let (head, _) = try requireRequest(source)
    #expect(head.framing == framing)
  }

  @Test func `an equal second length is left out, so that one is forwarded`() throws {
    let (_, fields) = try requireRequest(Self.get("Content-Length: 5\r\nContent-Length: 05\r\n"))
    #expect(fields.map(\.known) == [.host, .contentLength])
  }

  static let refusals: [Refusal] = [
    // Two framings (RFC 9112 section 6.3, rule 3).
    Refusal(
      get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      .lengthAndTransferEncoding
    ),
    Refusal(
      get("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
      .lengthAndTransferEncoding
    ),
    // Content-Length (RFC 9110 section 8.6).
    Refusal(get("Content-Length: 5\r\nContent-Length: 6\r\n"), .conflictingContentLength),
    Refusal(get("Content-Length: 5, 5\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: 5,6\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: +5\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: -5\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: 0x5\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: 5 5\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: 5.0\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: \"5\"\r\n"), .invalidContentLength),
    Refusal(get("Content-Length:\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: 9223372036854775808\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: 9999999999999999999\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: 00000000000000000005\r\n"), .invalidContentLength),
    Refusal(get("Content-Length: \u{0665}\r\n"), .invalidContentLength),
    // Transfer-Encoding (RFC 9112 sections 6.1 and 7).
    Refusal(get("Transfer-Encoding: gzip, chunked\r\n"), .unsupportedTransferEncoding),
    Refusal(get("Transfer-Encoding: gzip\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: chunked, gzip\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: chunked, chunked\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: identity\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: xchunked\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: chunkedx\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: \"chunked\"\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: chunked;q=1\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: x y, chunked\r\n"), .invalidTransferEncoding),
    Refusal(get("Transfer-Encoding: ,chunked\r\n"), .unsupportedTransferEncoding),
    Refusal(get("Transfer-Encoding:\r\n"), .invalidTransferEncoding),
    Refusal(
      get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      .invalidTransferEncoding
    ),
    Refusal(
      get("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
      .invalidTransferEncoding
    ),
    Refusal(
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      .transferEncodingInHTTP10
    ),
    // Host (RFC 9112 section 3.2).
    Refusal("GET / HTTP/1.1\r\n\r\n", .missingHost),
    Refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .duplicateHost),
    Refusal("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .duplicateHost),
    Refusal("GET http://a/ HTTP/1.1\r\n\r\n", .missingHost),
    Refusal("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", .hostMismatch),
    Refusal("GET http://a:8080/ HTTP/1.1\r\nHost: a\r\n\r\n", .hostMismatch),
    // Expect (RFC 9110 section 10.1.1).
    Refusal(get("Expect: 200-ok\r\n"), .unsupportedExpectation),
  ]

  @Test(arguments: refusals)
  func `ambiguous framing, host or expectation is refused`(refusal: Refusal) throws {
    let outcome = try ParserHarness.requests().outcome(refusal.bytes)
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == refusal.kind)
  }

  @Test(arguments: [
    ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
    ("HTTP/1.1", "Connection: Keep-Alive, Close\r\n", false),
    ("HTTP/1.1", "Connection: x-close\r\n", true),
    ("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
    ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: keep-alive\r\n", true),
    ("HTTP/1.0", "Connection: KEEP-ALIVE, foo\r\n", true), ("HTTP/1.2", "", true),
  ])
  func `the connection persists as RFC 9112 section 9_3 says`(
    version: String,
    fields: String,
    isKeepAlive: Bool
  ) throws {
    let (head, _) = try requireRequest("GET / \(version)\r\nHost: a\r\n\(fields)\r\n")
    #expect(head.isKeepAlive == isKeepAlive)
  }

  @Test(arguments: [
    ("HTTP/1.1", "Content-Length: 5\r\n", true), ("HTTP/1.1", "Content-Length: 0\r\n", false),
    ("HTTP/1.1", "", false), ("HTTP/1.1", "Transfer-Encoding: chunked\r\n", true),
    ("HTTP/1.0", "Content-Length: 5\r\n", false),
  ])
  func `a client waits for 100 Continue only if there is a body to come`(
    version: String,
    fields: String,
    expectsContinue: Bool
  ) throws {
    let (head, _) = try requireRequest(
      "POST / \(version)\r\nHost: a\r\nExpect: 100-Continue\r\n\(fields)\r\n"
    )
    #expect(head.expectsContinue == expectsContinue)
  }

  @Test(arguments: [
    (
      "GET", "HTTP/1.1", "Connection: Upgrade\r\nUpgrade: WebSocket\r\n",
      RequestHead.Upgrade.webSocket
    ),
    (
      "GET", "HTTP/1.1", "Connection: keep-alive, upgrade\r\nUpgrade: h2c, websocket\r\n",
      .webSocket
    ),
    ("POST", "HTTP/1.1", "Connection: upgrade\r\nUpgrade: websocket\r\n", .other),
    ("GET", "HTTP/1.1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", .other),
    ("GET", "HTTP/1.1", "Upgrade: websocket\r\n", .none),
    ("GET", "HTTP/1.1", "Connection: upgrade\r\n", .none),
    ("GET", "HTTP/1.0", "Connection: upgrade\r\nUpgrade: websocket\r\n", .none),
  ])
  func `an upgrade counts only where RFC 9110 section 7_8 lets it`(
    method: String,
    version: String,
    fields: String,
    upgrade: RequestHead.Upgrade
  ) throws {
    let (head, _) = try requireRequest("\(method) / \(version)\r\nHost: a\r\n\(fields)\r\n")
    #expect(head.upgrade == upgrade)
  }

  @Test(arguments: [
    ("", false), ("Content-Encoding: gzip\r\n", true), ("Content-Encoding: identity\r\n", false),
    ("Content-Encoding:\r\n", false), ("Content-Encoding: Identity, br\r\n", true),
  ])
  func `a content coding other than identity is noticed`(fields: String, isCoded: Bool) throws {
    let (head, _) = try requireRequest(Self.get(fields))
    #expect(head.hasContentEncoding == isCoded)
  }

  @Test func `fields that Connection names are marked, but never framing and Host`() throws {
    let source = Self.get(
      "Connection: X-Private, host, content-length ,close\r\nx-private: 1\r\nX-Private-Not: 2\r\n"
        + "Content-Length: 3\r\nconnection: accept\r\nAccept: */*\r\nX-PRIVATE: 3\r\n"
    )
    let (head, fields) = try requireRequest(source)
    #expect(head.framing == .length(3))
    #expect(!head.isKeepAlive)
    let named = fields.filter(\.isNamedByConnection).map(\.name)
    #expect(named == ["x-private", "Accept", "X-PRIVATE"])
  }

  @Test func `a request of HTTP_1_0 needs no Host`() throws {
    let (head, _) = try requireRequest("GET / HTTP/1.0\r\n\r\n")
    #expect(head.host.isEmpty)
    #expect(head.minorVersion == 0)
  }
}
