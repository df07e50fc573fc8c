import OAIRWire
import Testing

@Suite struct JSONWriterTests {
  private func written(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func `commas stand between members and elements, and nowhere else`() {
    let text = written {
      $0.beginObject()
      $0.key("a")
      $0.beginArray()
      $0.int(1)
      $0.beginObject()
      $0.endObject()
      $0.beginArray()
      $0.endArray()
      $0.string("x")
      $0.endArray()
      $0.key("b")
      $0.bool(true)
      $0.key("c")
      $0.null()
      $0.key("d")
      $0.raw(Array("{\"e\":1}".utf8))
      $0.key("f")
      $0.stringOrNull(nil)
      $0.key("g")
      $0.bool(false)
      $0.endObject()
    }
    #expect(text == #"{"a":[1,{},[],"x"],"b":true,"c":null,"d":{"e":1},"f":null,"g":false}"#)
  }

  @Test func `whole numbers are written in full`() {
    #expect(written { $0.int(Int.min) } == "-9223372036854775808")
    #expect(written { $0.int(Int.max) } == "9223372036854775807")
  }

  @Test func `strings and keys are escaped`() {
    #expect(written { $0.string("a\"b\\c/\u{7F}ä😀") } == #""a\"b\\c/\u007fä😀""#)
    #expect(written { $0.string("\n\r\t\u{0}\u{1B}") } == #""\n\r\t\u0000\u001b""#)
    let member = written {
      $0.beginObject()
      $0.key("\"")
      $0.int(1)
      $0.endObject()
    }
    #expect(member == #"{"\"":1}"#)
  }

  @Test func `ill-formed bytes are replaced`() {
    let text = written { writer in
      ([0x61, 0xFF, 0xE2, 0x82, 0x62] as [UInt8]).withUnsafeBytes { writer.string($0) }
    }
    #expect(text == "\"a\u{FFFD}\u{FFFD}b\"")
  }

  @Test func `an empty buffer is an empty string`() {
    #expect(written { $0.string(UnsafeRawBufferPointer(start: nil, count: 0)) } == "\"\"")
  }

  @Test func `what is written is what a scan accepts`() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("messages")
    writer.string("\"model\":\u{0}\\")
    writer.key("model")
    writer.string("a\"\n\u{1F600}")
    writer.endObject()
    var peek = JSONPeek()
    writer.bytes.withUnsafeBytes { peek.scan($0, isComplete: true) }
    let error = peek.error
    #expect(error == nil)
    var name = [UInt8](repeating: 0, count: JSONPeek.modelLimit)
    let length = writer.bytes.withUnsafeBytes { body in
      name.withUnsafeMutableBytes { peek.copyModel(from: body, into: $0) }
    }
    #expect(String(decoding: name[..<(length ?? 0)], as: UTF8.self) == "a\"\n\u{1F600}")
  }

  @Test func `what a terminal may obey is escaped and means the same`() {
    var writer = JSONWriter()
    writer.string("a\u{7f}b\u{9b}c\u{2028}d\u{202e}e\u{2066}f\u{a0}\u{200b}é")
    let text = String(decoding: writer.bytes, as: UTF8.self)
    let escaped = #""a\u007fb\u009bc\u2028d\u202ee\u2066f"#
    #expect(text == escaped + "\u{a0}\u{200b}é\"")
  }
}
