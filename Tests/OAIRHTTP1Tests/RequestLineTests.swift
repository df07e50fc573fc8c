import OAIRHTTP1
import Testing

struct RequestLineTests {
  private static let rest = "\r\nHost: a\r\n\r\n"

  static let refusals: [Refusal] = [
    // RFC 9112 section 3: single spaces, nothing more.
    Refusal("GET  / HTTP/1.1" + rest, .invalidTarget),
    Refusal("GET /  HTTP/1.1" + rest, .malformedRequestLine),
    Refusal("GET / HTTP/1.1 " + rest, .malformedRequestLine),
    Refusal("GET / HTTP/1.1x" + rest, .malformedRequestLine),
    Refusal("GET / x HTTP/1.1" + rest, .invalidVersion),
    Refusal("GET\t/ HTTP/1.1" + rest, .invalidMethod),
    Refusal("GET /\tHTTP/1.1" + rest, .invalidTarget),
    Refusal(" GET / HTTP/1.1" + rest, .malformedRequestLine),
    Refusal("\tGET / HTTP/1.1" + rest, .malformedRequestLine),
    Refusal("GET" + rest, .malformedRequestLine),
    Refusal("GET /" + rest, .malformedRequestLine),
    Refusal("GET / " + rest, .malformedRequestLine),
    Refusal("GET \r\n\r\n", .malformedRequestLine),
    Refusal("G\u{0}ET / HTTP/1.1" + rest, .invalidMethod),
    Refusal("GET/ / HTTP/1.1" + rest, .invalidMethod),
    Refusal("G\u{e9}T / HTTP/1.1" + rest, .invalidMethod),
    Refusal("(GET) / HTTP/1.1" + rest, .invalidMethod),
    // Line ends (RFC 9112 section 2.2).
    Refusal("GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
    Refusal("GET / HTTP/1.1\rHost: a\r\n\r\n", .bareCarriageReturn),
    Refusal("GET / HTTP/1.1\r\rHost: a\r\n\r\n", .bareCarriageReturn),
    Refusal("GET /\n\n", .bareLineFeed),
    Refusal("GET / \n", .bareLineFeed),
    Refusal("GET\n", .bareLineFeed),
    Refusal("\nGET / HTTP/1.1" + rest, .bareLineFeed),
    Refusal("\r\n\nGET / HTTP/1.1" + rest, .bareLineFeed),
    Refusal("\rGET / HTTP/1.1" + rest, .bareCarriageReturn),
    // The preface of HTTP/2 (RFC 9113 section 3.4), and a TLS client.
    Refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http2Preface),
    Refusal(bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], .malformedRequestLine),
  ]

  @Test(arguments: refusals)
  func `a request line that is not exactly method, target and version is refused`(
    refusal: Refusal
  ) throws {
    let outcome = try ParserHarness.requests().outcome(refusal.bytes)
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == refusal.kind)
    #expect(error.status == 400)
  }

  @Test func `every byte is refused in a method unless it is a tchar`() throws {
    let tokens = Set(
      Array("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    )
    for byte in UInt8.min...UInt8.max where byte != 0x20 {
      let bytes = [0x47, byte, 0x54] + Array((" / HTTP/1.1" + Self.rest).utf8)
      let outcome = try ParserHarness.requests().outcome(bytes)
      if case .head = outcome {
        #expect(tokens.contains(byte), "byte \(byte)")
      } else {
        #expect(!tokens.contains(byte), "byte \(byte)")
      }
    }
  }
}
