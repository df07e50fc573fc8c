import Testing

@testable import OAIRHTTP1

struct CaseFoldTests {
  /// Literals of every length class: bytes, two half words, whole words, overlapping words.
  private static let literals: [StaticString] = [
    "te", "via", "host", "accept", "trailer", "location", "connection", "content-length",
    "content-encoding", "transfer-encoding", "proxy-authorization",
    "a-literal-longer-than-three-words",
  ]

  private func equals(_ bytes: [UInt8], _ literal: StaticString) throws -> Bool {
    let memory = try GuardedMemory(capacity: max(bytes.count, 1))
    return try memory.withBytes(bytes[...]) { buffer in
      CaseFold.equals(try #require(buffer.baseAddress), count: buffer.count, literal)
    }
  }

  @Test(arguments: 0..<literals.count)
  func `a literal equals itself in either case`(index: Int) throws {
    let literal = Self.literals[index]
    let lower = literal.description
    #expect(try equals(Array(lower.utf8), literal))
    #expect(try equals(Array(lower.uppercased().utf8), literal))
    #expect(try !equals(Array(lower.utf8.dropLast()) + [], literal))
    #expect(try !equals(Array(lower.utf8) + [0x61], literal))
  }

  @Test(arguments: 0..<literals.count)
  func `no other byte passes for one of a literal`(index: Int) throws {
    let literal = Self.literals[index]
    let bytes = Array(literal.description.utf8)
    for position in bytes.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = bytes
        changed[position] = byte
        let expected = ByteClass.lowercased(byte) == bytes[position]
        let isEqual = try equals(changed, literal)
        #expect(isEqual == expected, "byte \(byte) at \(position) of \(literal)")
      }
    }
  }

  @Test func `received bytes are compared without regard to the case of letters`() throws {
    let pairs: [(String, String, Bool)] = [
      ("X-Custom", "x-custom", true), ("ABC", "abd", false), ("[", "{", false), ("", "", true),
    ]
    for (left, right, expected) in pairs {
      let isEqual = try (left + " ").utf8.withContiguousStorageIfAvailable { left in
        try (right + " ").utf8.withContiguousStorageIfAvailable { right in
          CaseFold.equals(
            try #require(UnsafeRawPointer(left.baseAddress)),
            try #require(UnsafeRawPointer(right.baseAddress)),
            count: left.count - 1
          )
        }
      }
      #expect(isEqual == expected, "\(left) and \(right)")
    }
  }
}
