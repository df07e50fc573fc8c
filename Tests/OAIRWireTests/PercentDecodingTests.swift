import Testing

@testable import OAIRWire

struct PercentDecodingTests {
  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("a%2Fb", "a/b"), ("%e4%BD%A0", "你"), ("%", "%"), ("%4", "%4"),
    ("%zz%41", "%zzA"), ("100%", "100%"),
  ])
  func `what is encoded rightly is decoded, and the rest stays`(text: String, meant: String) {
    let bytes = Array(text.utf8)
    var memory = [UInt8](repeating: 0, count: bytes.count + 1)
    let count = bytes.withUnsafeBytes { text in
      memory.withUnsafeMutableBytes { PercentDecoding.decode(text, into: $0) }
    }
    #expect(String(decoding: memory[..<count], as: UTF8.self) == meant)
  }
}
