import OAIRHTTP1
import Testing

struct HTTPVersionTests {
  @Test(arguments: [("HTTP/1.0", 0), ("HTTP/1.1", 1), ("HTTP/1.2", 2), ("HTTP/1.9", 9)])
  func `every minor version of HTTP_1 is taken`(version: String, minor: UInt8) throws {
    let (head, _) = try requireRequest("GET / \(version)\r\nHost: a\r\n\r\n")
    #expect(head.minorVersion == minor)
    let (response, _) = try requireResponse("\(version) 204 \r\n\r\n")
    #expect(response.minorVersion == minor)
  }

  static let refusals: [(String, HTTP1Error.Kind, Int)] = [
    ("HTTP/2.0", .unsupportedVersion, 505), ("HTTP/0.9", .unsupportedVersion, 505),
    ("HTTP/9.9", .unsupportedVersion, 505), ("http/1.1", .invalidVersion, 400),
    ("HTTP/1.", .malformedRequestLine, 400), ("HTTP/1.10", .malformedRequestLine, 400),
    ("HTTP/01.1", .invalidVersion, 400), ("HTTP/11.1", .invalidVersion, 400),
    ("HTTP/1,1", .invalidVersion, 400), ("HTTP/+1.1", .invalidVersion, 400),
    ("HTTPS/1.1", .invalidVersion, 400), ("HTTP 1.1", .malformedRequestLine, 400),
    ("ICY/1.1", .invalidVersion, 400), ("HTTP/1.a", .invalidVersion, 400),
  ]

  @Test(arguments: refusals)
  func `another version is refused, with 505 if it is one`(
    version: String,
    kind: HTTP1Error.Kind,
    status: Int
  ) throws {
    let source = "GET / \(version)\r\nHost: a\r\n\r\n"
    let outcome = try ParserHarness.requests().outcome(Array(source.utf8))
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == kind)
    #expect(error.status == status)
  }
}
