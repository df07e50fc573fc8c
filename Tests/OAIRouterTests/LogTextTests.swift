import Testing

@testable import OAIRouter

struct LogTextTests {
  private func form(_ bytes: [UInt8]) -> LogText.Form {
    bytes.withUnsafeBytes { LogText.form(of: $0) }
  }

  private let harmless = Array("!#~}0A[]za{|@`/:".utf8)

  private func expected(_ byte: UInt8) -> LogText.Form {
    switch byte {
    case 0x20: .words
    case 0x22, 0x5c, 0x00...0x1f, 0x7f...0xff: .hostile
    default: .word
    }
  }

  @Test func `one byte decides what a text is, wherever it stands`() {
    var wrong: [(UInt8, Int, Int)] = []
    for length in 1...20 {
      for place in 0..<length {
        for byte in UInt8.min...UInt8.max {
          var bytes = (0..<length).map { harmless[$0 % harmless.count] }
          bytes[place] = byte
          if form(bytes) != expected(byte) { wrong.append((byte, place, length)) }
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test func `a space makes no hostile text harmless`() {
    #expect(form([]) == .words)
    #expect(form(Array("a b c d e f \n".utf8)) == .hostile)
    #expect(form(Array("\u{1}2345678 ".utf8)) == .hostile)
    #expect(form(Array("two words of a text".utf8)) == .words)
  }
}
