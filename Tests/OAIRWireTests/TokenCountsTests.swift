import Testing

@testable import OAIRWire

@Suite struct TokenCountsTests {
  private func counts(_ data: String, of tokens: TokenCounts = TokenCounts()) -> TokenCounts {
    var tokens = tokens
    let bytes = Array(data.utf8)
    GuardedBytes(capacity: bytes.count).place(bytes[...]) { buffer in
      if let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) {
        tokens.readUsage(base, from: 0, to: bytes.count)
      }
    }
    return tokens
  }

  @Test(arguments: [
    #"{"usage":{"prompt_tokens":5,"completion_tokens":7}}"#,
    #"{"usage": {"completion_tokens": 7, "prompt_tokens": 5}}"#,
    #"{"x":{"usage":{"input_tokens":5,"d":{"input_tokens":9},"output_tokens":7}}}"#,
    #"{"usage":{"prompt_tokens":1,"completion_tokens":1}}{"usage":{"prompt_tokens":5,"#
      + #""completion_tokens":7}}"#,
    #"{"usage":{"prompt_tokens":5,"completion_tokens":7"#,
  ]) func `usage is read wherever it stands, the last one counting`(data: String) {
    #expect(counts(data) == TokenCounts(input: 5, output: 7))
  }

  @Test(arguments: [
    #"{"usage":null}"#, #"{"usages":{"prompt_tokens":5}}"#, #"{"content":"\"usage\":{"#,
    #"{"content":"{\"usage\":{\"prompt_tokens\":5}}"}"#, #"usage":{"prompt_tokens":5}"#,
    #"{"usage":{"prompt_tokens":null,"completion_tokens":-1}}"#, "{", #"":{"#, #""usage" {}"#,
  ]) func `what is no usage is not read`(data: String) {
    #expect(counts(data) == TokenCounts())
  }

  @Test func `a count that is missing keeps what was known`() {
    let known = TokenCounts(input: 3, output: 1)
    #expect(
      counts(#"{"usage":{"output_tokens":9}}"#, of: known) == TokenCounts(input: 3, output: 9)
    )
  }
}
