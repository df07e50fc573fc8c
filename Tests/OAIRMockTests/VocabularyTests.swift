import Testing

@testable import OAIRMock

struct VocabularyTests {
  @Test
  func `the tokens of a stream are the text of an answer in one piece`() throws {
    var joined = ""
    for index in 0..<40 {
      var reader = JSONReader(Vocabulary.encodedToken(index))
      joined += try reader.string()
      try reader.end()
    }
    #expect(joined == Vocabulary.text(40))
  }

  @Test
  func `no tokens are no text`() {
    #expect(Vocabulary.text(0).isEmpty)
  }

  @Test
  func `the words need escapes and several bytes a character`() {
    let bytes = Array(Vocabulary.text(16).utf8)
    #expect(bytes.contains(0x22))
    #expect(bytes.contains(0x0A))
    #expect(bytes.contains { $0 >= 0xF0 })
  }
}
