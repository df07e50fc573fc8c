import OAIRHTTP1
import Testing

struct HeadWriterTests {
  /// Writes into so many bytes and gives back what was written and the flags.
  private func write(
    capacity: Int = 256,
    _ body: (inout HeadWriter) -> Void
  ) -> (text: String, isOverflowed: Bool, isInvalid: Bool) {
    // A margin behind the writer's memory shows whether it keeps to its bound.
    var memory = [UInt8](repeating: 0xEE, count: capacity + 64)
    var result = ("", false, false)
    memory.withUnsafeMutableBytes { bytes in
      var writer = HeadWriter(UnsafeMutableRawBufferPointer(rebasing: bytes[..<capacity]))
      body(&writer)
      #expect(writer.count <= capacity)
      let text = String(decoding: bytes[..<writer.count], as: UTF8.self)
      result = (text, writer.isOverflowed, writer.isInvalid)
    }
    #expect(memory[capacity...].allSatisfy { $0 == 0xEE }, "wrote behind its end")
    return result
  }

  private func append(_ text: String, to body: (UnsafeRawBufferPointer) -> Void) {
    Array(text.utf8).withUnsafeBytes(body)
  }

  @Test func `a head is written field by field`() {
    let result = write { writer in
      writer.append("HTTP/1.1 ")
      writer.append(decimal: 200)
      writer.append(byte: 0x20)
      append("OK") { writer.append($0) }
      writer.append("\r\n")
      writer.field("Server", "oairouter")
      writer.field("Content-Length", decimal: 15)
      append("a \t\u{e9}") { writer.field("X-Bytes", $0) }
      append("X-Name") { name in append("value") { writer.field(name, $0) } }
      append("") { writer.field("X-Empty", $0) }
      writer.endOfHead()
    }
    #expect(
      result.text
        == "HTTP/1.1 200 OK\r\nServer: oairouter\r\nContent-Length: 15\r\nX-Bytes: a \t\u{e9}\r\n"
        + "X-Name: value\r\nX-Empty: \r\n\r\n"
    )
    #expect(!result.isOverflowed && !result.isInvalid)
  }

  @Test(arguments: [0, 1, 9, 10, 90, 99, 100, 101, 110, 999, 1000, 12_345, Int.max, -1, Int.min])
  func `numbers are written in decimal`(number: Int) {
    #expect(write { $0.append(decimal: number) }.text == String(number))
  }

  @Test func `addresses are written as four numbers`() {
    for number in 0...255 as ClosedRange<UInt32> {
      let parts = [number, 255 - number, number / 2, number]
      let address = parts.reduce(0) { $0 << 8 | $1 }
      let text = parts.map(String.init).joined(separator: ".")
      #expect(write { $0.append(ipv4: address) }.text == text)
      let between = write { writer in
        writer.append(byte: 0x3C)
        writer.append(ipv4: address)
        writer.append(byte: 0x3E)
      }
      #expect(between.text == "<\(text)>")
    }
    #expect(write(capacity: 16) { $0.append(ipv4: .max) }.text == "255.255.255.255")
    let cut = write(capacity: 15) { $0.append(ipv4: .max) }
    #expect(cut.isOverflowed && cut.text.isEmpty)
  }

  @Test func `nothing is written past the end, wherever the end is`() {
    let whole = write { writer in
      writer.field("Name", "value")
      writer.field("Length", decimal: 12_345)
      writer.field("Few", decimal: 205)
      writer.append(decimal: 7)
      writer.append(byte: 0x41)
      writer.endOfHead()
    }
    let length = whole.text.utf8.count
    for capacity in 0..<length {
      let cut = write(capacity: capacity) { writer in
        writer.field("Name", "value")
        writer.field("Length", decimal: 12_345)
        writer.field("Few", decimal: 205)
        writer.append(decimal: 7)
        writer.append(byte: 0x41)
        writer.endOfHead()
      }
      #expect(cut.isOverflowed)
      #expect(whole.text.utf8.starts(with: cut.text.utf8), "at \(capacity)")
    }
    let exact = write(capacity: length) { writer in
      writer.field("Name", "value")
      writer.field("Length", decimal: 12_345)
      writer.field("Few", decimal: 205)
      writer.append(decimal: 7)
      writer.append(byte: 0x41)
      writer.endOfHead()
    }
    #expect(!exact.isOverflowed)
    #expect(exact.text == whole.text)
  }

  @Test func `once something did not fit, nothing follows`() {
    let result = write(capacity: 4) { writer in
      writer.append("ab")
      writer.append("cde")
      writer.append("f")
    }
    #expect(result.text == "ab")
    #expect(result.isOverflowed)
  }

  @Test func `no memory at all overflows`() {
    var writer = HeadWriter(UnsafeMutableRawBufferPointer(start: nil, count: 0))
    writer.append("a")
    #expect(writer.isOverflowed)
    #expect(writer.count == 0)
  }

  @Test func `a value that would break the head is left out and noted`() {
    for byte in UInt8.min...UInt8.max {
      let value = [UInt8]("abcdefghijklmnopq".utf8) + [byte] + [0x62]
      let result = write { writer in value.withUnsafeBytes { writer.field("X", $0) } }
      let isControl = (byte < 0x20 && byte != 0x09) || byte == 0x7F
      #expect(result.isInvalid == isControl, "byte \(byte)")
      #expect(result.text.isEmpty == isControl, "byte \(byte)")
    }
  }

  @Test func `a name that is not a token is left out and noted`() {
    for name in ["", "a b", "a:", "a\r\n", "a\u{0}", "caf\u{e9}", " a"] {
      let result = write { writer in
        append(name) { name in append("v") { writer.field(name, $0) } }
      }
      #expect(result.isInvalid, "\(name)")
      #expect(result.text.isEmpty)
    }
  }

  /// Writes those fields of a request that pass.
  private func copy(
    _ text: String,
    behind line: Range<Int> = 0..<0,
    where passes: (HeadField) -> Bool
  ) -> String {
    let source = Array(text.utf8)
    var table = HeadTable(capacity: 16)
    let result = write { writer in
      source.withUnsafeBytes { head in
        let parsed = RequestHeadParser.parse(
          head,
          previouslyScanned: 0,
          into: &table,
          limits: HTTP1Limits()
        )
        guard case .head = parsed else {
          Issue.record("\(parsed)")
          return
        }
        writer.fields(of: table, from: head, behind: line, where: passes)
      }
    }
    #expect(!result.isOverflowed && !result.isInvalid)
    return result.text
  }

  @Test func `fields of a parsed head are copied as they were received`() {
    let text = "GET / HTTP/1.1\r\nhost: a\r\nX-A:\t b  \r\nX-B:c\r\nX-C: \r\n\r\n"
    #expect(copy(text) { _ in true } == "host: a\r\nX-A:\t b\r\nX-B:c\r\nX-C: \r\n")
    #expect(copy(text) { _ in false } == "")
  }

  @Test func `fields that don't pass leave their neighbours whole`() {
    let lines = ["Host: a\r\n", "B: b\r\n", "C: c \r\n", "D:\r\n", "E: e\r\n"]
    let text = "GET / HTTP/1.1\r\n" + lines.joined() + "\r\nbody"
    let names = "HBCDE".utf8.map { $0 }
    for choice in 0..<32 {
      let chosen = lines.indices.filter { choice >> $0 & 1 == 1 }
      let expected = chosen.map { lines[$0].replacing(" \r\n", with: "\r\n") }.joined()
      let passes = { (field: HeadField) -> Bool in
        let name = Array(text.utf8)[Int(field.name.start)]
        return chosen.contains { names[$0] == name }
      }
      #expect(copy(text, where: passes) == expected)
      #expect(copy(text, behind: 0..<16, where: passes) == "GET / HTTP/1.1\r\n" + expected)
    }
  }

  @Test func `a field that was left out of the table isn't copied with its neighbours`() {
    let fields = "Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\nX: y\r\n"
    #expect(
      copy("POST / HTTP/1.1\r\n\(fields)\r\nb") { _ in true }
        == "Host: a\r\nContent-Length: 1\r\nX: y\r\n"
    )
  }

  @Test func `values of any length are copied whole`() {
    for length in 0...70 {
      let value = String((0..<length).map { Character(UnicodeScalar(UInt8(0x30 + $0))) })
      let result = write { writer in
        append(value) { writer.field("X", checked: $0) }
        writer.append("end")
      }
      #expect(result.text == "X: \(value)\r\nend")
    }
  }

  @Test func `fixed text that would break a head is a programmer's error`() async {
    await #expect(processExitsWith: .failure) {
      var memory = [UInt8](repeating: 0, count: 64)
      memory.withUnsafeMutableBytes { bytes in
        var writer = HeadWriter(bytes)
        writer.field("X", "a\r\nb")
      }
    }
    await #expect(processExitsWith: .failure) {
      var memory = [UInt8](repeating: 0, count: 64)
      memory.withUnsafeMutableBytes { bytes in
        var writer = HeadWriter(bytes)
        writer.field("X y", decimal: 1)
      }
    }
  }
}
