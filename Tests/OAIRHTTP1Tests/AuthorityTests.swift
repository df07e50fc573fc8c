import OAIRHTTP1
import Testing

struct AuthorityTests {
  @Test(arguments: [
    "localhost", "localhost:8080", "127.0.0.1:11434", "a.b-c_d~e", "x!$&'()*+;=y", "a%20b",
    "[::1]", "[::1]:80", "[2001:db8::ffff:192.0.2.1]:65535", "a:", "a:0", "EXAMPLE.com:00080",
    "host.with.a.name.of.more.than.sixteen.bytes:1",
  ])
  func `a host with or without port is taken`(host: String) throws {
    let source = "GET / HTTP/1.1\r\nHost: \t\(host) \r\n\r\n"
    let (head, _) = try requireRequest(source)
    #expect(text(source, head.host) == host)
  }

  @Test(arguments: [
    "", " ", ":80", "a:b", "a:80:80", "a:65536", "a:100000", "a:-1", "a:+1", "a: 80", "a b",
    "a,b c",
    "user@a", "a/b", "a?b", "a#b", "a\\b", "a\"", "<a>", "http://a", "[::1", "::1", "[]", "[:]",
    "[::1]x", "[::1]:x", "[::g]", "[::1%25eth0]", "[v1.x:y:z]", "a]", "[a]", "caf\u{e9}", "a\tb",
  ])
  func `anything else is refused`(host: String) throws {
    let source = "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n"
    let outcome = try ParserHarness.requests().outcome(Array(source.utf8))
    guard case .failed(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.kind == .invalidHost)
    #expect(error.status == 400)
  }
}
