import OAIRHTTP1
import Testing

struct HTTP1LimitsTests {
  private func outcome(
    _ source: String,
    _ limits: HTTP1Limits,
    step: Int = 1
  ) throws -> Outcome<RequestHead> {
    try ParserHarness.requests(limits).outcome(Array(source.utf8), step: step)
  }

  @Test func `a head may be as large as the limit and no larger, complete or not`() throws {
    var limits = HTTP1Limits()
    let source = "GET / HTTP/1.1\r\nHost: a\r\nX: 12345678\r\n\r\n"
    limits.head = source.utf8.count
    guard case .head = try outcome(source + "body", limits) else {
      Issue.record("refused at the limit")
      return
    }
    limits.head -= 1
    let refused = try outcome(source, limits)
    #expect(refused == .failed(HTTP1Error(.headTooLarge, at: limits.head)))
    let open = try outcome(String(source.dropLast(3)), limits)
    #expect(open == .needMore)
  }

  @Test func `a head without end is refused at the limit`() throws {
    var limits = HTTP1Limits()
    limits.head = 600
    let source = "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 700)
    #expect(try outcome(source, limits, step: 7) == .failed(HTTP1Error(.headTooLarge, at: 600)))
  }

  @Test func `a request line may be as long as the limit and no longer, complete or not`() throws {
    var limits = HTTP1Limits()
    limits.requestLine = 50
    let fitting = "GET /" + String(repeating: "a", count: 36) + " HTTP/1.1"
    #expect(fitting.utf8.count == 50)
    let rest = "\r\nHost: a\r\n\r\n"
    guard case .head = try outcome("\r\n\r\n" + fitting + rest, limits) else {
      Issue.record("refused at the limit")
      return
    }
    let longer = "GET /a" + String(fitting.dropFirst(5))
    #expect(try outcome(longer + rest, limits) == .failed(HTTP1Error(.requestLineTooLong, at: 52)))
    let endless = "GET /" + String(repeating: "a", count: 200)
    #expect(try outcome(endless, limits) == .failed(HTTP1Error(.requestLineTooLong, at: 52)))
  }

  @Test func `what is wrong behind the limit of the line does not matter`() throws {
    var limits = HTTP1Limits()
    limits.requestLine = 20
    let source = "GET /" + String(repeating: "a", count: 40) + "#\u{1} HTTP/9.9\n"
    #expect(try outcome(source, limits) == .failed(HTTP1Error(.requestLineTooLong, at: 22)))
  }

  @Test func `as many fields as the limit pass, one more is refused before the head ends`() throws {
    var limits = HTTP1Limits()
    limits.fields = 5
    let fields = (1...4).map { "X-\($0): y\r\n" }.joined()
    let source = "GET / HTTP/1.1\r\nHost: a\r\n" + fields
    guard case .head(_, let parsed) = try outcome(source + "\r\n", limits) else {
      Issue.record("refused at the limit")
      return
    }
    #expect(parsed.count == 5)
    let refused = HTTP1Error(.tooManyFields, at: source.utf8.count)
    let padding = String(repeating: "b", count: source.utf8.count)
    #expect(try outcome(source + "Y: " + padding, limits) == .failed(refused))
  }

  @Test func `equal lengths that are left out of the table count as fields all the same`() throws {
    var limits = HTTP1Limits()
    limits.fields = 3
    let source =
      "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "Content-Length: 1\r\n", count: 3)
    let refused = HTTP1Error(.tooManyFields, at: source.utf8.count - 19)
    #expect(try outcome(source + "\r\n", limits) == .failed(refused))
  }

  @Test func `Connection may name as many fields as the limit and no more`() throws {
    var limits = HTTP1Limits()
    limits.connectionOptions = 3
    let start = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, a, , b,keep-alive, c"
    guard case .head = try outcome(start + "\r\n\r\n", limits) else {
      Issue.record("refused at the limit")
      return
    }
    guard case .failed(let error) = try outcome(start + "\r\nConnection: d\r\n\r\n", limits) else {
      Issue.record("not refused")
      return
    }
    #expect(error.kind == .tooManyConnectionOptions)
    #expect(error.status == 431)
  }

  @Test func `the defaults are the documented ones`() {
    let limits = HTTP1Limits()
    #expect(limits.head == 65_536)
    #expect(limits.fields == 100)
    #expect(limits.requestLine == 16_384)
    #expect(limits.chunkExtensions == 16_384)
    #expect(limits.trailers == 16_384)
  }

  @Test func `an endless line meets the default limits however it arrives`() throws {
    let line = "GET /" + String(repeating: "a", count: 70_000)
    let refused = try outcome(line, HTTP1Limits(), step: 1_460)
    #expect(refused == .failed(HTTP1Error(.requestLineTooLong, at: 16_386)))
    let field = "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 70_000)
    let large = try outcome(field, HTTP1Limits(), step: 1_460)
    #expect(large == .failed(HTTP1Error(.headTooLarge, at: 65_536)))
  }
}
