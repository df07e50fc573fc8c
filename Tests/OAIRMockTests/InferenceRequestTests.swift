import Testing

@testable import OAIRMock

struct InferenceRequestTests {
  private func parse(_ text: String) throws(JSONFault) -> InferenceRequest {
    try InferenceRequest(Array(text.utf8))
  }

  @Test
  func `what steers an answer is read, wherever it stands`() throws {
    let request = try parse(
      """
      {"messages":[{"role":"user","content":"{\\"model\\":\\"no\\"}"}],"max_tokens":9,
       "stream_options":{"x":1,"include_usage":true},"stream":true,"model":"a\\/b"}
      """
    )
    #expect(request.model == "a/b")
    #expect(request.isStream)
    #expect(request.includesUsage)
    #expect(request.maximumTokens == 9)
    #expect(request.hasMessages)
    #expect(!request.hasPrompt)
    #expect(!request.hasInput)
  }

  @Test
  func `nulls count as absent`() throws {
    let request = try parse(
      #"{"model":null,"stream":null,"stream_options":null,"max_tokens":null,"messages":null}"#
    )
    #expect(request == (try parse("{}")))
    #expect(try !parse(#"{"stream_options":{"include_usage":null}}"#).includesUsage)
  }

  @Test
  func `the smallest bound on tokens holds, and -1 is none`() throws {
    #expect(try parse(#"{"max_tokens":9,"max_completion_tokens":4}"#).maximumTokens == 4)
    #expect(try parse(#"{"max_tokens":2,"max_completion_tokens":4}"#).maximumTokens == 2)
    #expect(try parse(#"{"n_predict":-1}"#).maximumTokens == nil)
    #expect(try parse(#"{"max_tokens":0}"#).maximumTokens == 0)
  }

  @Test(arguments: [
    (#""text""#, 1), (#"["a","b","c"]"#, 3), ("[1,2,3]", 1), ("[[1,2],[3]]", 2), ("[]", 0),
  ])
  func `inputs are counted`(input: String, expected: Int) throws {
    let request = try parse("{\"input\":\(input)}")
    #expect(request.hasInput)
    #expect(request.inputCount == expected)
  }

  @Test
  func `base64 is asked for by name`() throws {
    #expect(try parse(#"{"encoding_format":"base64"}"#).wantsBase64)
    #expect(try !parse(#"{"encoding_format":"float"}"#).wantsBase64)
  }

  @Test(arguments: ["[]", "\"x\"", "{\"model\":1}", "{\"stream\":\"yes\"}", "{} {}", "{\"model\":"])
  func `what isn't such an object is refused`(text: String) {
    #expect(throws: JSONFault.self) { try parse(text) }
  }
}
