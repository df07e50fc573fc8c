import Testing

@testable import OAIRWire

@Suite struct ByteSearchTests {
  @Test func `both searches find the first byte at every place and distance`() {
    let memory = GuardedBytes(capacity: 64)
    for count in 0...40 {
      for place in 0...count {
        // Neighbours of the byte sought are where arithmetic on whole words can go wrong.
        var bytes = [UInt8](repeating: 0x23, count: count)
        for index in stride(from: 0, to: count, by: 2) { bytes[index] = 0x21 }
        if place < count {
          bytes[place] = Byte.quote
          if place + 1 < count { bytes[place + 1] = Byte.quote }
        }
        let found = memory.place(bytes[...]) { buffer -> (Int, Int) in
          guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return (0, 0)
          }
          return (
            base.offset(of: Byte.quote, from: 0, to: count),
            base.nearOffset(of: Byte.quote, from: 0, to: count)
          )
        }
        #expect(found == (place, place))
      }
    }
  }

  @Test func `a search starts where it is told to`() {
    Array("\"a\"b".utf8).withUnsafeBufferPointer { buffer in
      guard let bytes = buffer.baseAddress else { return }
      #expect(bytes.offset(of: Byte.quote, from: 1, to: 4) == 2)
      #expect(bytes.offset(of: Byte.quote, from: 3, to: 4) == 4)
      #expect(bytes.offset(of: Byte.quote, from: 4, to: 4) == 4)
    }
  }

  @Test func `a text is compared only where it fits`() {
    Array("abcd".utf8).withUnsafeBufferPointer { buffer in
      guard let bytes = buffer.baseAddress else { return }
      #expect(bytes.has("bc", at: 1, before: 3))
      #expect(!bytes.has("bc", at: 1, before: 2))
      #expect(!bytes.has("bc", at: 2, before: 4))
      #expect(!bytes.has("ab", at: -1, before: 4))
      #expect(bytes.has("", at: 4, before: 4))
      #expect(bytes.equals("bc", in: 1..<3))
      #expect(!bytes.equals("bc", in: 1..<4))
      #expect(!bytes.equals("bcd", in: 1..<3))
    }
  }
}
