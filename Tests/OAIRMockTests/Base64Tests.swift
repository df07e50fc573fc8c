import Testing

@testable import OAIRMock

struct Base64Tests {
  @Test(arguments: [
    // RFC 4648 section 10.
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func `the vectors of the RFC`(text: String, expected: String) {
    #expect(Base64.encode(Array(text.utf8)) == expected)
  }

  @Test
  func `all symbols occur`() {
    #expect(Base64.encode([0x00, 0x10, 0x83, 0xFB, 0xEF, 0xFF]) == "ABCD++//")
  }

  @Test
  func `floats are little-endian`() {
    // 1.0 is 0x3F800000.
    #expect(Base64.encode(floats: [1]) == Base64.encode([0x00, 0x00, 0x80, 0x3F]))
    #expect(Base64.encode(floats: []).isEmpty)
  }
}
