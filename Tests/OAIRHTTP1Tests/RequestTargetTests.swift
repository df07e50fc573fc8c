import OAIRHTTP1
import Testing

struct RequestTargetTests {
  /// Method, target, its path, query and host; the Host field is "a" where not given.
  struct Accepted: Sendable {
    var method = "GET"
    var target: String
    var host = "a"
    var path: String
    var query = ""
    var effectiveHost = "a"
  }

  static let accepted: [Accepted] = [
    Accepted(target: "/", path: "/"),
    Accepted(target: "/v1/models?", path: "/v1/models"),
    Accepted(target: "/v1/models?a=b&c=%20", path: "/v1/models", query: "a=b&c=%20"),
    Accepted(target: "/a?b?c=/d", path: "/a", query: "b?c=/d"),
    Accepted(target: "//x//y", path: "//x//y"),
    Accepted(target: "/?", path: "/"),
    Accepted(target: "/v1/models/org%2Fname:tag", path: "/v1/models/org%2Fname:tag"),
    Accepted(target: "/\"<>\\^`{|}", path: "/\"<>\\^`{|}"),
    Accepted(target: "http://a/v1?x=y", path: "/v1", query: "x=y"),
    Accepted(target: "HTTP://A/v1", path: "/v1", effectiveHost: "A"),
    Accepted(target: "http://a", path: "/"),
    Accepted(target: "http://a?q", path: "/", query: "q"),
    Accepted(target: "http://a?q/r", path: "/", query: "q/r"),
    Accepted(target: "http://a:80/x", path: "/x", effectiveHost: "a:80"),
    Accepted(target: "http://a:/x", path: "/x", effectiveHost: "a:"),
    Accepted(target: "https://a/x", host: "a:443", path: "/x"),
    Accepted(target: "http://[::1]:8/x", host: "[::1]:8", path: "/x", effectiveHost: "[::1]:8"),
    Accepted(method: "OPTIONS", target: "*", path: "*"),
    Accepted(method: "OPTIONS", target: "/x", path: "/x"),
    Accepted(method: "CONNECT", target: "b:443", path: "", effectiveHost: "b:443"),
    Accepted(method: "CONNECT", target: "[::1]:1", path: "", effectiveHost: "[::1]:1"),
    Accepted(method: "TRACE", target: "/", path: "/"),
  ]

  @Test(arguments: accepted)
  func `the four forms of RFC 9112 section 3_2 are taken apart`(accepted: Accepted) throws {
    let source = "\(accepted.method) \(accepted.target) HTTP/1.1\r\nHost: \(accepted.host)\r\n\r\n"
    let (head, _) = try requireRequest(source)
    #expect(text(source, head.target) == accepted.target)
    #expect(text(source, head.path) == accepted.path)
    #expect(text(source, head.query) == accepted.query)
    #expect(text(source, head.host) == accepted.effectiveHost)
  }

  static let refused: [(String, HTTP1Error.Kind)] = [
    ("GET *", .invalidTarget), ("OPTIONS *x", .invalidTarget), ("OPTIONS *?x", .invalidTarget),
    ("GET v1/models", .invalidTarget), ("GET ?x", .invalidTarget), ("GET a:443", .invalidTarget),
    ("GET ftp://a/", .invalidTarget), ("GET http:/a", .invalidTarget),
    ("GET http://", .invalidTarget), ("GET http:///x", .invalidTarget),
    ("GET http://?x", .invalidTarget), ("GET http://u@a/", .invalidTarget),
    ("GET http://u:p@a/", .invalidTarget), ("GET http://a:b/", .invalidTarget),
    ("GET http://a:65536/", .invalidTarget), ("GET http://[::1/", .invalidTarget),
    ("CONNECT /", .invalidTarget), ("CONNECT a", .invalidTarget), ("CONNECT a:", .invalidTarget),
    ("CONNECT http://a/", .invalidTarget), ("CONNECT *", .invalidTarget),
    ("GET /a#b", .fragmentInTarget), ("GET /a?b#c", .fragmentInTarget),
    ("GET #", .fragmentInTarget), ("GET http://a/#x", .fragmentInTarget),
    ("GET /\u{0}", .invalidTarget), ("GET /\u{7f}", .invalidTarget),
    ("GET /caf\u{e9}", .invalidTarget), ("GET /a?\u{1}", .invalidTarget),
  ]

  @Test(arguments: refused)
  func `any other target is refused`(line: String, kind: HTTP1Error.Kind) throws {
    let source = "\(line) HTTP/1.1\r\nHost: a\r\n\r\n"
    let outcome = try ParserHarness.requests().outcome(Array(source.utf8))
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == kind)
    #expect(error.status == 400)
  }

  @Test func `an empty path of an absolute-form points at a slash of the target`() throws {
    let source = "GET https://a HTTP/1.1\r\nHost: a\r\n\r\n"
    let (head, _) = try requireRequest(source)
    #expect(head.path.start >= head.target.start && head.path.end <= head.target.end)
    #expect(text(source, head.path) == "/")
  }
}
