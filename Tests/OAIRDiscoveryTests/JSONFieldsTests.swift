import Testing

@testable import OAIRDiscovery

struct JSONFieldsTests {
  private func read<Value>(_ text: String, _ body: (JSONFields) -> Value) -> Value? {
    Array(text.utf8).withUnsafeBytes { bytes in JSONFields(bytes).map(body) }
  }

  @Test func `members are found by name, and have the type asked for or aren't there`() {
    let text = #"{"s":"a\u00e4","n":80,"o":{"x":"y"},"a":[1,"b"],"s2":"","0":null}"#
    #expect(read(text) { $0.string("s") } == "aä")
    #expect(read(text) { $0.string("n") } == .some(nil))
    #expect(read(text) { $0.string("none") } == .some(nil))
    #expect(read(text) { $0.object("o")?.string("x") } == "y")
    #expect(read(text) { $0.object("s") == nil } == true)
    #expect(
      read(text) { fields in fields.array("a").compactMap { fields.string(at: $0) } } == ["b"]
    )
    #expect(read(text) { $0.array("o").isEmpty } == true)
    #expect(read(text) { $0.members.map(\.key) } == ["s", "n", "o", "a", "s2", "0"])
  }

  @Test(arguments: [
    ("80", 80), ("1", 1), ("65535", 65535), ("0", nil), ("65536", nil), ("-1", nil), ("8.0", nil),
    ("8e1", nil), ("\"80\"", nil), ("null", nil), ("99999999999999999999", nil),
  ])
  func `a port is a number from 1 to 65535`(text: String, port: UInt16?) {
    #expect(read("{\"p\":\(text)}") { $0.port("p") } == .some(port))
  }

  @Test(arguments: ["", "[]", "{", "{}x", #"{"a":}"#, "null"])
  func `anything else is no object`(text: String) {
    #expect(read(text) { _ in true } == nil)
  }

  @Test func `the last member of a name counts`() {
    #expect(read(#"{"a":"1","a":"2"}"#) { $0.string("a") } == "2")
  }
}
