import Testing

@testable import oairouter

struct TerminalTests {
  @Test func `one thing isn't several`() {
    #expect(
      (0...2).map { Terminal.count($0, "request") } == ["0 requests", "1 request", "2 requests"]
    )
  }
}
