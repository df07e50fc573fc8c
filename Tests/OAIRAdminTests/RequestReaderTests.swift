import OAIRHTTP1
import OAIRSys
import Testing

@testable import OAIRAdmin

struct RequestReaderTests {
  private static let key = AdminKey("0123456789abcdef")

  /// What comes of bytes that arrive in pieces of a size.
  private func read(
    _ text: String,
    key: AdminKey? = nil,
    piece: Int = .max
  ) -> [RequestReader.Progress] {
    var reader = RequestReader(key: key)
    var table = HeadTable(capacity: HTTP1Limits().fields)
    var found: [RequestReader.Progress] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = min(piece, rest.count)
      Array(rest.prefix(count)).withUnsafeBytes { reader.receive($0) }
      rest = rest.dropFirst(count)
      while true {
        let progress = reader.next(&table)
        if case .more(owesContinue: false) = progress { break }
        found.append(progress)
        if case .request = progress, !reader.isIdle { continue }
        break
      }
      if case .refused? = found.last { break }
    }
    return found
  }

  private func status(_ progress: RequestReader.Progress?) -> Int? {
    if case .refused(let response)? = progress { response.status } else { nil }
  }

  @Test(arguments: [1, 2, 3, 7, .max])
  func `requests are read one after the other, whatever the pieces`(piece: Int) {
    let text =
      "POST /admin/backends?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
      + "PUT /admin/log-level HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
      + "DELETE /admin/backends/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    #expect(
      read(text, piece: piece) == [
        .request(
          AdminRequest("POST", "/admin/backends", query: "x=1", body: Array("{}".utf8)),
          keepsAlive: true
        ),
        .request(
          AdminRequest("PUT", "/admin/log-level", body: Array("abcde".utf8)),
          keepsAlive: true
        ),
        .request(AdminRequest("DELETE", "/admin/backends/a"), keepsAlive: false),
      ]
    )
  }

  @Test func `a client that waits for it is told that its body is wanted`() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    #expect(read(head) == [.more(owesContinue: true)])
    #expect(
      read(head + "{}") == [
        .request(AdminRequest("POST", "/", body: Array("{}".utf8)), keepsAlive: true)
      ]
    )
  }

  @Test func `HTTP 1.0 gets one request`() {
    #expect(
      read("GET / HTTP/1.0\r\n\r\n") == [.request(AdminRequest("GET", "/"), keepsAlive: false)]
    )
  }

  @Test(arguments: [
    ("", 401), ("Authorization: Bearer 0123456789abcdeX\r\n", 401),
    ("Authorization: Bearer 0123456789abcdef0\r\n", 401), ("Authorization: Bearer \r\n", 401),
    ("Authorization: Basic 0123456789abcdef\r\n", 401),
    ("Authorization: 0123456789abcdef\r\n", 401),
  ])
  func `without the key nothing is read`(field: String, status wanted: Int) {
    // The body isn't there: the refusal doesn't wait for it.
    let head = "POST / HTTP/1.1\r\nHost: a\r\n\(field)Content-Length: 9\r\n\r\n"
    #expect(status(read(head, key: Self.key).last) == wanted)
  }

  @Test(arguments: ["Bearer 0123456789abcdef", "bearer  0123456789abcdef"])
  func `with the key it is`(value: String) {
    let text = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: \(value)\r\n\r\n"
    #expect(read(text, key: Self.key) == [.request(AdminRequest("GET", "/"), keepsAlive: true)])
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    ("PRI * HTTP/2.0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\n", 415),
  ])
  func `what breaks a rule is refused`(text: String, status wanted: Int) {
    #expect(status(read(text).last) == wanted)
    #expect(status(read(text, piece: 1).last) == wanted)
  }

  @Test func `a head beyond its bound is refused`() {
    let field = "X: \(String(repeating: "x", count: 64 << 10))\r\n"
    #expect(status(read("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n", piece: 4096).last) == 431)
  }

  @Test func `chunks beyond the bound are refused`() {
    let piece = String(repeating: "x", count: 1 << 16)
    let chunks = String(repeating: "10000\r\n\(piece)\r\n", count: 17)
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(status(read(head + chunks, piece: 1 << 16).last) == 413)
  }
}
