import Testing

@testable import OAIRMock

struct JSONReaderTests {
  private func skip(_ text: String) throws(JSONFault) {
    var reader = JSONReader(Array(text.utf8))
    try reader.skip()
    try reader.end()
  }

  @Test(arguments: [
    "{}", "[]", " { \"a\" : [ 1 , 2.5e-3 , -0 , true , false , null , \"x\" ] } \n",
    #""\"\\\/\b\f\n\r\t\u00e9""#, "0", "-1", "1E+9", "[[[]]]", "\"\u{7F}é🦊\"",
  ])
  func `valid texts are skipped whole`(text: String) {
    #expect(throws: Never.self) { try skip(text) }
  }

  @Test(arguments: [
    ("", JSONFault.Kind.endOfInput, 0), ("{", .endOfInput, 1), ("{\"a\"", .endOfInput, 4),
    ("{\"model\":", .endOfInput, 9), ("[1,]", .syntax, 3), ("{,}", .wrongType, 1),
    ("{\"a\":1,}", .syntax, 7), ("{\"a\" 1}", .syntax, 5), ("[1 2]", .syntax, 3),
    ("[1}", .syntax, 2), ("01", .syntax, 1), ("1.", .endOfInput, 2), ("-", .endOfInput, 1),
    ("-x", .syntax, 1), ("1e", .endOfInput, 2), ("tru", .syntax, 0), ("\"a", .endOfInput, 2),
    ("\"\n\"", .syntax, 1), (#""\x""#, .syntax, 2), (#""\u12g4""#, .syntax, 5),
    (#""\u12"#, .endOfInput, 5), ("{} x", .syntax, 3),
  ])
  func `broken texts are refused where they break`(
    text: String,
    kind: JSONFault.Kind,
    offset: Int
  ) {
    #expect(throws: JSONFault(kind: kind, offset: offset)) { try skip(text) }
  }

  @Test
  func `every proper prefix of an object is refused`() {
    let text = #"{"a":[1,{"b":"é\n"}],"c":null}"#
    let bytes = Array(text.utf8)
    for count in 0..<bytes.count {
      #expect(throws: JSONFault.self, "\(count) bytes") {
        var reader = JSONReader(Array(bytes[..<count]))
        try reader.skip()
      }
    }
  }

  @Test
  func `nesting has a limit`() throws {
    let deepest = JSONReader.maximumDepth
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    try skip(nested(deepest))
    #expect(throws: JSONFault(kind: .tooDeep, offset: deepest)) { try skip(nested(deepest + 1)) }
  }

  @Test(arguments: [
    (#""plain""#, "plain"), (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{C}\n\r\tz"),
    (#""mod\u0065l""#, "model"), (#""\ud83e\udd8a!""#, "🦊!"), (#""\uD83E""#, "\u{FFFD}"),
  ])
  func `strings are decoded`(text: String, expected: String) throws {
    var reader = JSONReader(Array(text.utf8))
    #expect(try reader.string() == expected)
  }

  @Test
  func `members are read one by one`() throws {
    var reader = JSONReader(Array(#"{"a":-7,"b":true,"c":[1,2],"d":null}"#.utf8))
    var found: [String] = []
    try reader.object { (reader, key) throws(JSONFault) in
      switch key {
      case "a": found.append("\(try reader.int())")
      case "b": found.append("\(try reader.bool())")
      case "c":
        try reader.array { (reader) throws(JSONFault) in found.append("\(try reader.int())") }
      default: found.append("\(try reader.takeNull())")
      }
    }
    try reader.end()
    #expect(found == ["-7", "true", "1", "2", "true"])
  }

  @Test
  func `a value of another type is no number, string or truth`() {
    for text in ["\"1\"", "1.5", "99999999999999999999", "true"] {
      #expect(throws: JSONFault(kind: .wrongType, offset: 0)) {
        var reader = JSONReader(Array(text.utf8))
        _ = try reader.int()
      }
    }
    #expect(throws: JSONFault(kind: .wrongType, offset: 0)) {
      var reader = JSONReader(Array("1".utf8))
      _ = try reader.string()
    }
    #expect(throws: JSONFault(kind: .wrongType, offset: 0)) {
      var reader = JSONReader(Array("1".utf8))
      _ = try reader.bool()
    }
  }
}
