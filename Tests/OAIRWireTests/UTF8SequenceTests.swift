import Testing

@testable import OAIRWire

@Suite struct UTF8SequenceTests {
  @Test func `every scalar survives encoding and decoding`() {
    var memory = [UInt8](repeating: 0, count: 4)
    var wrong: [UInt32] = []
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isRight = memory.withUnsafeMutableBufferPointer { buffer -> Bool in
        guard let target = buffer.baseAddress else { return false }
        let length = UTF8Sequence.encode(value, into: target)
        let decoded = UTF8Sequence.decode(target, at: 0, before: length)
        return length == UTF8.width(scalar) && decoded == (value, length)
      }
      if !isRight { wrong.append(value) }
    }
    #expect(wrong.isEmpty)
  }

  @Test(
    arguments: [
      ([0x80], 1), ([0xBF, 0x80], 1), ([0xC0, 0x80], 1), ([0xC1, 0xBF], 1), ([0xC2], 1),
      ([0xC2, 0x41], 1), ([0xE0, 0x9F, 0x80], 1), ([0xE2, 0x82], 2), ([0xE2, 0x82, 0x41], 2),
      ([0xED, 0xA0, 0x80], 1), ([0xF0, 0x8F, 0x80, 0x80], 1), ([0xF0, 0x9F, 0x98], 3),
      ([0xF4, 0x90, 0x80, 0x80], 1), ([0xF5, 0x80, 0x80, 0x80], 1), ([0xFF], 1),
    ] as [([UInt8], Int)]
  ) func `what is ill-formed is told with the length of its wrong part`(
    bytes: [UInt8],
    length: Int
  ) {
    let decoded = bytes.withUnsafeBufferPointer { buffer -> (UInt32?, Int)? in
      guard let base = buffer.baseAddress else { return nil }
      return UTF8Sequence.decode(base, at: 0, before: buffer.count)
    }
    #expect(decoded?.0 == nil)
    #expect(decoded?.1 == length)
  }

  @Test func `repair agrees with the standard library's on pairs and triples`() {
    let samples: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED,
      0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
    ]
    var wrong: [[UInt8]] = []
    for first in samples {
      for second in samples {
        for third in samples {
          let bytes = [first, second, third]
          var writer = JSONWriter()
          bytes.withUnsafeBytes { writer.string($0) }
          var expected = JSONWriter()
          expected.string(String(decoding: bytes, as: UTF8.self))
          if writer.bytes != expected.bytes { wrong.append(bytes) }
        }
      }
    }
    #expect(wrong.isEmpty)
  }
}
