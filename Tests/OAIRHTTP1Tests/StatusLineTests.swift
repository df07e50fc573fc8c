import OAIRHTTP1
import Testing

struct StatusLineTests {
  @Test(arguments: [
    ("HTTP/1.1 200 OK", 200, "OK"), ("HTTP/1.1 404 Not Found", 404, "Not Found"),
    ("HTTP/1.1 599 ", 599, ""), ("HTTP/1.1 200", 200, ""),
    ("HTTP/1.0 100 caf\u{e9}\t!", 100, "caf\u{e9}\t!"),
    ("HTTP/1.1 200  two spaces", 200, " two spaces"),
  ])
  func `a status line gives its code and its reason`(
    line: String,
    status: Int,
    reason: String
  ) throws {
    let source = line + "\r\n\r\n"
    let (head, _) = try requireResponse(source)
    #expect(head.status == status)
    #expect(text(source, head.reason) == reason)
  }

  static let refusals: [Refusal] = [
    Refusal("HTTP/1.1  200 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 20 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 2000 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 200OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 200\tOK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 099 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 000 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 600 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 +20 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 2x0 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 \r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1200 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/2 200 OK\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
    Refusal("HTTP/0.9 200 OK\r\n\r\n", .unsupportedVersion),
    Refusal("ICY 200 OK\r\n\r\n", .invalidVersion),
    Refusal("\r\nHTTP/1.1 200 OK\r\n\r\n", .malformedStatusLine),
    Refusal("<html>HTTP/0.9 answers so</html>", .invalidVersion),
    Refusal("HTTP/1.1 200 O\u{0}K\r\n\r\n", .malformedStatusLine),
    Refusal("HTTP/1.1 200 OK\n\r\n", .bareLineFeed),
    Refusal("HTTP/1.1 200\n\r\n", .bareLineFeed),
    Refusal("HTTP/1.1 200 OK\rX\r\n\r\n", .bareCarriageReturn),
  ]

  @Test(arguments: refusals)
  func `a malformed status line is a bad gateway`(refusal: Refusal) throws {
    let outcome = try ParserHarness.responses().outcome(refusal.bytes)
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == refusal.kind)
    #expect(error.status == 502)
  }

  @Test func `a status line may be as long as the limit for first lines`() throws {
    var limits = HTTP1Limits()
    limits.requestLine = 15
    let fitting = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
    guard case .head = try ParserHarness.responses(limits).outcome(fitting) else {
      Issue.record("refused at the limit")
      return
    }
    let longer = Array("HTTP/1.1 200 OK!\r\n\r\n".utf8)
    let refused = HTTP1Error(.requestLineTooLong, at: 17, isResponse: true)
    #expect(try ParserHarness.responses(limits).outcome(longer) == .failed(refused))
  }
}
