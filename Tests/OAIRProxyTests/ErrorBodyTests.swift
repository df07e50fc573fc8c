import OAIRHTTP1
import Testing

@testable import OAIRProxy

struct ErrorBodyTests {
  private enum Found: Equatable {
    case whole(String), partial(String), unreadable
  }

  /// Reads an answer of these fields whose body has come as far as given.
  private func read(_ fields: String, _ body: String, isClosed: Bool = false) -> Found {
    let limits = HTTP1Limits()
    var table = HeadTable(capacity: limits.fields)
    let wire = Array(("HTTP/1.1 404 Not Found\r\n" + fields + "\r\n" + body).utf8)
    return wire.withUnsafeBytes { bytes in
      let parsed = ResponseHeadParser.parse(
        bytes,
        previouslyScanned: 0,
        requestMethod: .post,
        into: &table,
        limits: limits,
        allowsUpgrade: false
      )
      guard case .head(let head) = parsed else {
        Issue.record("no head: \(fields)")
        return .unreadable
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[head.length...])
      switch ErrorBody(head, rest, isClosed: isClosed, limits: limits) {
      case .whole(let bytes): return .whole(String(decoding: bytes, as: UTF8.self))
      case .partial(let bytes): return .partial(String(decoding: bytes, as: UTF8.self))
      case .unreadable: return .unreadable
      }
    }
  }

  @Test func `a length tells the end`() {
    #expect(read("Content-Length: 5\r\n", "abc") == .partial("abc"))
    #expect(read("Content-Length: 5\r\n", "abc", isClosed: true) == .partial("abc"))
    #expect(read("Content-Length: 5\r\n", "abcdeXX") == .whole("abcde"))
    #expect(read("Content-Length: 0\r\n", "") == .whole(""))
  }

  @Test func `chunks are taken out of their framing`() {
    let fields = "Transfer-Encoding: chunked\r\n"
    #expect(read(fields, "") == .partial(""))
    #expect(read(fields, "3\r\nabc\r\n2;x=y\r\nde\r\n") == .partial("abcde"))
    #expect(read(fields, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") == .whole("abcde"))
    #expect(read(fields, "3\r\nabc\r\n0\r\nA: b\r\n") == .partial("abc"))
    #expect(read(fields, "nonsense\r\n") == .unreadable)
  }

  @Test func `the close is the end where nothing else is`() {
    #expect(read("", "abc") == .partial("abc"))
    #expect(read("", "abc", isClosed: true) == .whole("abc"))
  }

  @Test func `what is longer than may be held, or can't be read, isn't waited for`() {
    let limit = ProxyLimits.errorBody
    let longest = String(repeating: "x", count: limit)
    #expect(read("Content-Length: \(limit)\r\n", longest) == .whole(longest))
    #expect(read("Content-Length: \(limit + 1)\r\n", "") == .unreadable)
    #expect(read("", longest) == .partial(longest))
    #expect(read("", longest + "x") == .unreadable)
    let fields = "Transfer-Encoding: chunked\r\n"
    let size = String(limit, radix: 16)
    #expect(read(fields, "\(size)\r\n\(longest)\r\n") == .partial(longest))
    #expect(read(fields, "\(size)\r\n\(longest)\r\n1\r\nx") == .unreadable)
    let crumbs = String(repeating: "1\r\nx\r\n", count: ProxyLimits.errorBodyFramed / 6 + 1)
    #expect(read(fields, crumbs) == .unreadable)
    #expect(read("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x") == .unreadable)
    #expect(read("Content-Type: text/event-stream\r\n", "x") == .unreadable)
  }
}
