import Testing

@testable import OAIRWire

@Suite struct KeptLineTests {
  private func append(_ text: String, to line: inout KeptLine, limit: Int) {
    Array(text.utf8).withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { line.append(base, buffer.count, limit: limit) }
    }
  }

  private func text(_ line: borrowing KeptLine) -> String {
    String(decoding: UnsafeBufferPointer(start: line.bytes, count: line.count), as: UTF8.self)
  }

  @Test func `pieces are joined up to the limit`() {
    var line = KeptLine()
    #expect(text(line) == "")
    append("abc", to: &line, limit: 5)
    append("defg", to: &line, limit: 5)
    append("h", to: &line, limit: 5)
    #expect(text(line) == "abcde")
  }

  @Test func `a line grows over several reallocations`() {
    var line = KeptLine()
    var expected = ""
    for index in 0..<2000 {
      append("\(index),", to: &line, limit: 1 << 20)
      expected += "\(index),"
    }
    #expect(text(line) == expected)
  }

  @Test func `a line that was forgotten begins anew`() {
    var line = KeptLine()
    append("abc", to: &line, limit: 10)
    line.removeAll()
    append("x", to: &line, limit: 10)
    #expect(text(line) == "x")
  }

  @Test func `shrinking keeps the beginning`() {
    var line = KeptLine()
    append(String(repeating: "ab", count: 1000), to: &line, limit: 4000)
    line.shrink(to: 3)
    #expect(text(line) == "aba")
    append("xyz", to: &line, limit: 4)
    #expect(text(line) == "abax")
  }
}
