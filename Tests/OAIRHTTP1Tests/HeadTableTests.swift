import OAIRHTTP1
import Testing

struct HeadTableTests {
  @Test func `a table keeps order and duplicates and finds the first of a kind`() throws {
    let source = "GET / HTTP/1.1\r\nHost: a\r\nCookie: one\r\nX-A: b\r\ncookie: two\r\n\r\n"
    var table = HeadTable(capacity: 8)
    let bytes = Array(source.utf8)
    let result = bytes.withUnsafeBytes {
      RequestHeadParser.parse($0, previouslyScanned: 0, into: &table, limits: HTTP1Limits())
    }
    guard case .head = result else { throw NoHead(outcome: "\(result)", source: source) }
    let names = (0..<table.count).map { text(source, table[$0].name) }
    #expect(names == ["Host", "Cookie", "X-A", "cookie"])
    let cookie = table.first(.cookie).map { text(source, $0.value) }
    #expect(cookie == "one")
    let holdsHost = table.contains(.host)
    #expect(holdsHost)
    let holdsVia = table.contains(.via)
    #expect(!holdsVia)
    let via = table.first(.via).map { text(source, $0.value) }
    #expect(via == nil)
  }

  @Test func `a parse leaves nothing of the one before`() throws {
    var table = HeadTable(capacity: 4)
    for source in [
      "GET / HTTP/1.1\r\nHost: a\r\nVia: x\r\nConnection: x-a\r\nX-A: 1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n",
    ] {
      let result = Array(source.utf8).withUnsafeBytes {
        RequestHeadParser.parse($0, previouslyScanned: 0, into: &table, limits: HTTP1Limits())
      }
      guard case .head = result else { throw NoHead(outcome: "\(result)", source: source) }
    }
    let count = table.count
    #expect(count == 2)
    let holdsVia = table.contains(.via)
    #expect(!holdsVia)
    let isNamed = table[1].isNamedByConnection
    #expect(!isNamed)
  }

  @Test func `a table smaller than the limit refuses what it can't hold`() {
    var table = HeadTable(capacity: 2)
    let source = "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n"
    let result = Array(source.utf8).withUnsafeBytes {
      RequestHeadParser.parse($0, previouslyScanned: 0, into: &table, limits: HTTP1Limits())
    }
    guard case .failed(let error) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(error.kind == .tooManyFields)
    #expect(error.status == 431)
  }

  @Test func `a position behind the last field traps`() async {
    await #expect(processExitsWith: .failure) {
      let table = HeadTable(capacity: 2)
      _ = table[0]
    }
  }
}
