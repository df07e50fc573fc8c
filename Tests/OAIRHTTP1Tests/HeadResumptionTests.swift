import Testing

@testable import OAIRHTTP1

struct HeadResumptionTests {
  private func mustParse(
    _ source: String,
    after scanned: Int,
    _ limits: HTTP1Limits = HTTP1Limits()
  ) -> Bool {
    Array(source.utf8).withUnsafeBytes { HeadResumption.mustParse($0, scanned, limits) }
  }

  @Test func `the first call always parses`() {
    #expect(mustParse("G", after: 0))
    #expect(mustParse("anything that begins at a power of two", after: 0))
  }

  @Test func `more of a line is not parsed again`() {
    #expect(!mustParse("GET / HTTP/1.1\r\nHost: a", after: 20))
    #expect(!mustParse("GET / HTTP/1.1\r\nHost: a\r\nX", after: 18))
  }

  @Test func `nothing new is nothing to do`() {
    #expect(!mustParse("GET / HTTP/1.1", after: 14))
  }

  @Test func `an empty line is parsed, also when its bytes come apart`() {
    let source = "GET / HTTP/1.1\r\nHo: a\r\n\r\n"
    #expect(mustParse(source, after: source.utf8.count - 4))
    #expect(mustParse(source, after: source.utf8.count - 1))
  }

  @Test func `a bare line feed is parsed, so that it is refused at once`() {
    #expect(mustParse("GET / HTTP/1.1\r\nHost: a\nb", after: 22))
  }

  @Test func `reaching a limit or a power of two is parsed`() {
    var limits = HTTP1Limits()
    #expect(mustParse(String(repeating: "a", count: 32), after: 31, limits))
    limits.head = 40
    #expect(mustParse(String(repeating: "a", count: 40), after: 39, limits))
    limits = HTTP1Limits()
    limits.requestLine = 44
    #expect(mustParse(String(repeating: "a", count: 50), after: 49, limits))
    #expect(!mustParse(String(repeating: "a", count: 51), after: 50, limits))
  }

  @Test func `a count that can't be is ignored`() {
    #expect(mustParse("GET", after: 4))
    #expect(mustParse("GET", after: -1))
  }

  @Test func `a head that arrives byte by byte is parsed a few times only`() {
    let source = "GET / HTTP/1.1\r\n" + String(repeating: "X: yyyyyyyy\r\n", count: 90) + "\r\n"
    let bytes = Array(source.utf8)
    let parses = (1...bytes.count).filter { count in
      bytes[..<count].withUnsafeBytes {
        HeadResumption.mustParse($0, count - 1, HTTP1Limits())
      }
    }
    let powersOfTwo = Int.bitWidth - bytes.count.leadingZeroBitCount
    #expect(parses.count == powersOfTwo + 1)
    #expect(parses.last == bytes.count)
  }
}
