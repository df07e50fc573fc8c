import Testing

@testable import OAIRDiscovery

struct JSONSlicerTests {
  private func parse(_ text: String) -> [(key: String, value: String)]? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { bytes in
      var slicer = JSONSlicer(bytes)
      return slicer.members()?.map { ($0.key, String(decoding: bytes[$0.value], as: UTF8.self)) }
    }
  }

  private func elements(_ text: String) -> [String]? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { bytes in
      var slicer = JSONSlicer(bytes)
      return slicer.elements()?.map { String(decoding: bytes[$0], as: UTF8.self) }
    }
  }

  private func string(_ text: String) -> String? {
    Array(text.utf8).withUnsafeBytes { JSONSlicer($0).string() }
  }

  @Test func `an object is taken apart, its values as they were written`() throws {
    let text = #" { "a" : [1, {"x":"}"}] ,"b\u0062":  -1.5E+3,"" :"é\"","t":true,"n":null } "#
    let members = try #require(parse(text))
    #expect(members.map(\.key) == ["a", "bb", "", "t", "n"])
    #expect(members.map(\.value) == [#"[1, {"x":"}"}]"#, "-1.5E+3", #""é\"""#, "true", "null"])
    #expect(parse("{}")?.isEmpty == true)
  }

  @Test func `an array is taken apart, its elements as they were written`() {
    #expect(elements("[ 1 ,[ ],{ }, \"]\"]") == ["1", "[ ]", "{ }", "\"]\""])
    #expect(elements(" [\n] ") == [])
  }

  @Test(arguments: [
    "0", "-0", "10", "1.0", "1e5", "1E-5", "-0.5e+10", "true", "false", "null", "\"\"",
    #""\"\\\/\b\f\n\r\t\u00e9""#, "[]", "{}", #"{"a":{"b":[[{}]]}}"#, #""\ud83d\ude00""#,
  ])
  func `valid values pass`(value: String) {
    #expect(elements("[\(value)]") == [value])
    #expect(elements("[\(value),\(value)]") == [value, value])
  }

  @Test(arguments: [
    "", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "tru", "True", "nul", "'a'",
    "\"", #""\"#, #""\x""#, #""\u12""#, #""\u12g4""#, "\"\n\"", "\"\t\"", "\"\u{0}\"", "[", "]",
    "[1 2]", "[,]", "[1,]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
    "{\"a\" 1}", "{\"a\":1 \"b\":2}", "1 1", "/*x*/1", "\u{a0}1",
  ])
  func `anything else fails, wherever it stands`(value: String) {
    #expect(elements("[\(value)x]") == nil)
    if !value.isEmpty { #expect(elements("[\(value)]") == nil) }
    #expect(parse("{\"k\":\(value)}") == nil)
    #expect(elements("[{\"k\":[\(value)]}") == nil)
  }

  @Test func `every proper prefix of a text fails`() {
    let text = Array(#"{"a":[1.5e3,"xé\n"],"b":{"c":null}}"#.utf8)
    for count in 0..<text.count {
      let prefix = String(decoding: text[..<count], as: UTF8.self)
      #expect(parse(prefix) == nil)
    }
  }

  @Test func `what stands behind the value fails`() {
    #expect(parse("{} {}") == nil)
    #expect(elements("[]]") == nil)
    #expect(string(#""a" "b""#) == nil)
  }

  @Test func `nesting is bounded`() {
    let depth = DiscoveryLimits.jsonDepth
    func nested(_ count: Int) -> String {
      String(repeating: "[", count: count) + String(repeating: "]", count: count)
    }
    #expect(elements(nested(depth)) != nil)
    #expect(elements(nested(depth + 1)) == nil)
    #expect(elements(nested(100_000)) == nil)
  }

  @Test(arguments: [
    (#""plain é 😀""#, "plain é 😀"), (#""""#, ""), (#"  "x" "#, "x"),
    (#""\u0041\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, "Aé😀\"\\/\u{8}\u{c}\n\r\t"),
    (#""a\"""#, "a\""), (#""a\\""#, #"a\"#), (#""é\né""#, "é\né"),
  ])
  func `strings are decoded`(text: String, value: String) {
    #expect(string(text) == value)
  }

  @Test(arguments: [#""\ud83d""#, #""\ude00\ud83d""#, #""\ud83dx""#, "1", "[]", "x"])
  func `lone surrogates and what isn't a string are no strings`(text: String) {
    #expect(string(text) == nil)
  }
}
