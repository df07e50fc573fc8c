import OAIRRouting
import Testing

struct EngineVersionTests {
  @Test func `versions are ordered by their numbers`() throws {
    let texts = ["0", "0.1", "0.9.9", "0.10", "v0.12.6", "0.13.0-rc1", "0.13.0", "0.13.1", "1.0"]
    let versions = try texts.map { try #require(EngineVersion($0)) }
    #expect(versions.shuffled().sorted() == versions)
    #expect(versions.map(\.description) == texts)
  }

  @Test func `zeros at the end don't matter for the order`() throws {
    let short = try #require(EngineVersion("0.13")), long = try #require(EngineVersion("0.13.0"))
    let next = try #require(EngineVersion("0.13.0.1"))
    #expect(short < next && long < next)
  }

  @Test func `what follows the numbers may be anything`() {
    for text in ["0.32.0+cpu", "1.2.3.dev4", "b4500", "0.5", "99999999999999999999"] {
      #expect((EngineVersion(text) == nil) == (text.hasPrefix("b") || text.hasPrefix("9")))
    }
  }

  @Test(arguments: [
    "", "v", "x", "-1", ".1", "0.1\n", "0.1 ", "\"", "ü", "1\u{0}",
    String(repeating: "1", count: 65),
  ])
  func `texts that are no versions are none`(text: String) { #expect(EngineVersion(text) == nil) }
}
