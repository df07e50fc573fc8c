import OAIRHTTP1
import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRProxy

struct ForwardedHeadTests {
  private func record(id: String = "gpu", host: String? = nil) -> BackendRecord {
    let endpoint = Endpoint(address: .loopback(port: 8000), host: host)
    return BackendRecord(Backend(id: id, endpoint: endpoint), slot: 0, incarnation: 1)
  }

  /// What a head was parsed to, and what the body writes of it.
  private func written(_ body: (inout HeadWriter) -> Void) -> (text: String, isInvalid: Bool) {
    var memory = [UInt8](repeating: 0, count: 4096)
    return memory.withUnsafeMutableBytes { bytes in
      var out = HeadWriter(bytes)
      body(&out)
      return (String(decoding: bytes[..<out.count], as: UTF8.self), out.isInvalid)
    }
  }

  private func downstream(
    _ text: String,
    of record: BackendRecord? = nil
  ) throws -> (text: String, isInvalid: Bool) {
    let head = Array(text.utf8)
    var table = HeadTable(capacity: 16)
    let parsed = head.withUnsafeBytes {
      ResponseHeadParser.parse(
        $0,
        previouslyScanned: 0,
        requestMethod: .post,
        into: &table,
        limits: HTTP1Limits()
      )
    }
    guard case .head(let response) = parsed else {
      Issue.record("\(parsed)")
      return ("", false)
    }
    var date = HTTPDate()
    return Array("id".utf8).withUnsafeBytes { id in
      head.withUnsafeBytes { bytes in
        let writer = DownstreamHeadWriter(
          head: bytes,
          response: response,
          record: record ?? self.record(),
          attempts: 2,
          model: nil,
          breaksSession: false,
          closes: false,
          keepsChunks: true,
          isTunnel: false,
          origin: nil
        )
        return written { out in
          let facts = ForwardedFacts(requestID: id)
          _ = writer.write(table, facts: facts, date: &date, to: &out)
        }
      }
    }
  }

  private func upstream(
    _ text: String,
    to record: BackendRecord
  ) throws -> (text: String, isInvalid: Bool) {
    let head = Array(text.utf8)
    var table = HeadTable(capacity: 16)
    let parsed = head.withUnsafeBytes {
      RequestHeadParser.parse($0, previouslyScanned: 0, into: &table, limits: HTTP1Limits())
    }
    guard case .head(let request) = parsed else {
      Issue.record("\(parsed)")
      return ("", false)
    }
    return Array("id".utf8).withUnsafeBytes { id in
      head.withUnsafeBytes { bytes in
        let writer = UpstreamHeadWriter(
          head: bytes,
          request: request,
          record: record,
          peer: .ipv4(0x7f00_0001, port: 4),
          canonicalPath: nil,
          framing: request.framing,
          isTunnel: false,
          checksKeys: false,
          queryModel: nil
        )
        return written { writer.write(table, facts: ForwardedFacts(requestID: id), to: &$0) }
      }
    }
  }

  private static let ours =
    "X-Request-ID: id\r\nX-OAIRouter-Backend: gpu\r\nX-OAIRouter-Attempts: 2\r\n\r\n"

  @Test(arguments: [
    ("HTTP/1.1 200 OK", "HTTP/1.1 200 OK"), ("HTTP/1.1 200 ", "HTTP/1.1 200 "),
    // The space that RFC 9112 section 4 wants, though servers forget it.
    ("HTTP/1.1 200", "HTTP/1.1 200 "),
    // RFC 9110 section 2.5: we speak our own version, whatever the backend's is.
    ("HTTP/1.0 404 Not Found", "HTTP/1.1 404 Not Found"),
    ("HTTP/1.7 299 x  y", "HTTP/1.1 299 x  y"),
  ])
  func `a client's status line is of our version`(_ received: String, _ sent: String) throws {
    let fields = "Date: now\r\nContent-Length: 0\r\n"
    let result = try downstream("\(received)\r\n\(fields)\r\n")
    #expect(result.text == "\(sent)\r\n\(fields)\(Self.ours)")
    let hopByHop = try downstream("\(received)\r\nKeep-Alive: max=5\r\n\(fields)\r\n")
    #expect(hopByHop.text == result.text)
  }

  @Test func `fields that are meant for the router stay with it`() throws {
    let result = try downstream(
      "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nDate: now\r\nX-Hop: 1\r\nA: b \r\n"
        + "X-OAIRouter-Backend: other\r\nC:d\r\nContent-Length: 0\r\n\r\n"
    )
    #expect(
      result.text == "HTTP/1.1 200 OK\r\nDate: now\r\nA: b\r\nC:d\r\nContent-Length: 0\r\n"
        + Self.ours
    )
  }

  @Test func `a backend gets what its client sent, and what we add`() throws {
    let result = try upstream(
      "POST /v1/x/?a=b HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nContent-Length: 3\r\n"
        + "Via: 1.0 p\r\nX-Forwarded-For: 10.0.0.1\r\nConnection: te\r\nTE: trailers\r\n"
        + "X-A: 1\r\nX-B: 2\r\nAuthorization: Bearer k\r\n\r\nabc",
      to: record()
    )
    #expect(
      result.text == "POST /v1/x?a=b HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\n"
        + "X-A: 1\r\nX-B: 2\r\nAuthorization: Bearer k\r\nContent-Length: 3\r\n"
        + "X-Forwarded-For: 10.0.0.1, 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
        + "X-Forwarded-Host: h\r\nVia: 1.0 p, 1.1 oairouter\r\nX-Request-ID: id\r\n\r\n"
    )
    #expect(!result.isInvalid)
  }

  @Test func `a backend's name that would break a head is found`() throws {
    let hostile = [record(id: "a\r\nb"), record(host: "a\r\nb"), record(id: "a\u{7f}")]
    for record in hostile { #expect(!record.isPlain) }
    #expect(record().isPlain)
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    #expect(try downstream(answer, of: hostile[0]).isInvalid)
    #expect(try !downstream(answer, of: hostile[1]).isInvalid)
    #expect(try upstream("GET / HTTP/1.1\r\nHost: h\r\n\r\n", to: hostile[1]).isInvalid)
  }
}
