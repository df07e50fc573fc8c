import Testing

@testable import oairouter

struct LoadBodyTests {
  @Test(arguments: [
    ("1KiB", LoadBody.text(1024)), ("300", .text(300)), ("chat", .chat(nil)),
    ("chat:64KiB", .chat(65536)),
  ])
  func `a body is a size, or conversations of a size or of any`(text: String, body: LoadBody) throws
  {
    #expect(try LoadBody.parse(text) == body)
    #expect(try LoadBody.parse("\(body)") == body)
  }

  @Test(arguments: ["", "x", "chat:", "chat:x", "-1", "1.5KiB", "chats"])
  func `anything else is none`(text: String) {
    #expect(throws: (any Error).self) { try LoadBody.parse(text) }
  }

  @Test
  func `a server is a URL, or the fake one`() throws {
    #expect(try BenchServer.parse("mock") == .mock)
    #expect(try BenchServer.parse("http://h:1/v1").description == "http://h:1")
    #expect(throws: (any Error).self) { try BenchServer.parse("https://h:1") }
  }
}
