import Testing

@testable import OAIRMock

struct CompletionTests {
  @Test
  func `the reason to finish tells whether the client's bound ended it`() {
    var completion = Completion.recorded(.chat, id: "c", tokens: 2)
    #expect(completion.finishReason == "length")
    completion.isCutShort = false
    #expect(completion.finishReason == "stop")
    #expect(completion.text == "The quick")
  }

  @Test
  func `vectors have length one, differ, and are the same each time`() {
    let vectors = (0..<3).map { Embeddings.vector($0, dimensions: 16) }
    for vector in vectors {
      #expect(vector.count == 16)
      let length = vector.reduce(0) { $0 + $1 * $1 }
      #expect(abs(length - 1) < 0.0001)
    }
    #expect(vectors[0] != vectors[1])
    #expect(vectors[1] == Embeddings.vector(1, dimensions: 16))
  }
}
