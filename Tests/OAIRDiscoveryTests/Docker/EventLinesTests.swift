import Testing

@testable import OAIRDiscovery

struct EventLinesTests {
  private func lines(_ pieces: [[UInt8]], limit: Int = 10) -> (lines: [String], skipped: Int) {
    var lines = EventLines(limit: limit)
    let all = pieces.flatMap { lines.receive($0) }
    return (all.map { String(decoding: $0, as: UTF8.self) }, lines.takeSkipped())
  }

  @Test func `lines are the same wherever they are cut`() {
    let bytes = Array("one\ntwo\r\n\n\r\nthree-four\n12345678901\nsix\nhalf".utf8)
    let expected = ["one", "two\r", "three-four", "six"]
    for split in 0...bytes.count {
      let result = lines([Array(bytes[..<split]), Array(bytes[split...])])
      #expect(result.lines == expected && result.skipped == 1, "split at \(split)")
    }
    let single = lines(bytes.map { [$0] })
    #expect(single.lines == expected && single.skipped == 1)
  }

  @Test func `a line that never ends takes no memory, and what follows it is read`() {
    var lines = EventLines(limit: 100)
    let filler = [UInt8](repeating: 120, count: 1_000)
    for _ in 0..<1_000 { #expect(lines.receive(filler).isEmpty) }
    #expect(lines.takeSkipped() == 0, "it is counted when it ends")
    #expect(lines.receive(Array("\nnext\n".utf8)) == [Array("next".utf8)])
    #expect(lines.takeSkipped() == 1)
    #expect(lines.takeSkipped() == 0)
  }
}
