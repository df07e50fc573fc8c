import OAIRHTTP1
import Testing

@testable import OAIRDiscovery

struct ResponseReaderTests {
  private struct Outcome: Equatable {
    var progress: ResponseReader.Progress
    var status: Int?
    var server: String?
    var body: String
  }

  private func read(_ pieces: [[UInt8]], ends: Bool = false, limit: Int = 1000) -> Outcome {
    var reader = ResponseReader(bodyLimit: limit)
    var table = HeadTable(capacity: 100)
    var progress = ResponseReader.Progress.more
    for piece in pieces where progress == .more {
      progress = piece.withUnsafeBytes { reader.receive($0, table: &table) }
    }
    if ends, progress == .more { progress = reader.receiveEnd() }
    return Outcome(
      progress: progress,
      status: reader.status,
      server: reader.server,
      body: String(decoding: reader.takeBody(), as: UTF8.self)
    )
  }

  private static let length = "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 5\r\n\r\nhello"
  private static let chunked =
    "HTTP/1.1 200 OK\r\nServer: s\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n"
    + "0\r\nT: v\r\n\r\n"
  private static let interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + length

  @Test(arguments: [length, chunked, interim])
  func `a response is read, whole, byte by byte and split anywhere`(text: String) {
    let bytes = Array(text.utf8)
    let expected = Outcome(progress: .complete, status: 200, server: "s", body: "hello")
    #expect(read([bytes]) == expected)
    #expect(read(bytes.map { [$0] }) == expected)
    for split in 1..<bytes.count {
      #expect(read([Array(bytes[..<split]), Array(bytes[split...])]) == expected)
    }
    for count in 0..<bytes.count {
      #expect(read([Array(bytes[..<count])], ends: true).progress == .failed(.closed))
    }
  }

  @Test func `without a length the end of the connection ends the body`() {
    let bytes = Array("HTTP/1.1 200 OK\r\n\r\nhello".utf8)
    #expect(
      read([bytes], ends: true)
        == Outcome(progress: .complete, status: 200, server: nil, body: "hello")
    )
    #expect(read([bytes]).progress == .more)
  }

  @Test func `a status without a body is complete with its head`() {
    let result = read([Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)])
    #expect(result == Outcome(progress: .complete, status: 204, server: nil, body: ""))
  }

  @Test func `what stands behind the response is ignored`() {
    let result = read([Array((Self.length + "HTTP/1.1 500").utf8)])
    #expect(result.progress == .complete && result.body == "hello")
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
  ])
  func `what isn't HTTP is malformed`(text: String) {
    #expect(read([Array(text.utf8)]).progress == .failed(.malformed))
  }

  @Test(arguments: [length, chunked, "HTTP/1.1 200 OK\r\n\r\nhello"])
  func `a body beyond its limit is too large`(text: String) {
    #expect(read([Array(text.utf8)], limit: 4).progress == .failed(.tooLarge))
    #expect(read([Array(text.utf8)], ends: true, limit: 5).progress == .complete)
  }

  @Test func `a container engine's version is kept`() {
    var reader = ResponseReader(bodyLimit: 10)
    var table = HeadTable(capacity: 10)
    let head = "HTTP/1.1 200 OK\r\nX: y\r\nApi-version: 1.41\r\nContent-Length: 2\r\n\r\nOK"
    let progress = Array(head.utf8).withUnsafeBytes { reader.receive($0, table: &table) }
    #expect(progress == .complete && reader.apiVersion == "1.41")
  }
}
