import Testing

@testable import OAIRWire

@Suite struct JSONStringDecoderTests {
  /// The decoded text, or the offset at which decoding fails.
  private func decode(_ inside: [UInt8]) -> (text: String?, invalidAt: Int?) {
    let memory = GuardedBytes(capacity: inside.count)
    return memory.place(inside[...]) { buffer in
      guard let bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
        return (nil, nil)
      }
      var decoder = JSONStringDecoder(bytes, 0..<inside.count)
      var text = ""
      while true {
        switch decoder.next() {
        case .scalar(let value):
          guard let scalar = Unicode.Scalar(value) else { return (nil, nil) }
          text.unicodeScalars.append(scalar)
        case .end: return (text, nil)
        case .invalid(let offset): return (nil, offset)
        }
      }
    }
  }

  @Test func `text and escapes are decoded`() {
    #expect(decode([]).text == "")
    #expect(decode(Array("aä€😀".utf8)).text == "aä€😀")
    #expect(decode(Array(#"\"\\\/\b\f\n\r\t"#.utf8)).text == "\"\\/\u{8}\u{C}\n\r\t")
    #expect(decode(Array(#"\u0041\u00e4\u20AC\uD83D\uDE00\u0000"#.utf8)).text == "Aä€😀\u{0}")
    #expect(decode(Array(#"\udbff\udfff"#.utf8)).text == "\u{10FFFF}")
  }

  @Test(arguments: [
    (#"a\"#, 1), (#"\x"#, 0), (#"\u"#, 0), (#"\u12"#, 0), (#"\u123"#, 0), (#"\u123g"#, 0),
    (#"\ud800"#, 0), (#"\ud800x"#, 0), (#"\ud800\n"#, 0), (#"\ud800\u0041"#, 0),
    (#"\ud800\ud800"#, 0), (#"\udc00"#, 0), (#"ab\udfff"#, 2), (#"\ud800\udc0"#, 0),
    ("a\u{1F}", 1), ("a\"b", 1),
  ]) func `what no string may hold is refused where it stands`(inside: String, offset: Int) {
    #expect(decode(Array(inside.utf8)).invalidAt == offset)
  }
}
