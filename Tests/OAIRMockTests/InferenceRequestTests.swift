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

  @Test
  func `the bound on tokens has a name in each API`() throws {
    for body in [
      #"{"max_tokens":3}"#, #"{"max_completion_tokens":3}"#, #"{"max_output_tokens":3}"#,
      #"{"n_predict":3}"#, #"{"options":{"seed":1,"num_predict":3}}"#,
      #"{"max_tokens":9,"max_completion_tokens":3}"#,
    ] {
      #expect(try InferenceRequest(Array(body.utf8)).maximumTokens == 3, "\(body)")
    }
    let none = Array(#"{"options":{"num_predict":-1}}"#.utf8)
    #expect(try InferenceRequest(none).maximumTokens == nil)
  }

  @Test
  func `a stream that isn't mentioned is told from one that isn't wanted`() throws {
    let said = try InferenceRequest(Array(#"{"stream":false}"#.utf8))
    #expect(said.saysStream && !said.isStream)
    #expect(try !InferenceRequest(Array("{}".utf8)).saysStream)
  }

  @Test
  func `what is judged is kept`() throws {
    let body = #"{"query":"q","documents":["a",{"image":1},"b"]}"#
    let ranking = try InferenceRequest(Array(body.utf8))
    #expect(ranking.hasQuery && ranking.hasDocuments)
    #expect(ranking.documents == ["a", "", "b"])
    let score = try InferenceRequest(Array(#"{"text_1":"q","text_2":"a"}"#.utf8))
    #expect(score.documents == ["a"])
    let tokens = try InferenceRequest(Array(#"{"tokens":[1,2,3]}"#.utf8))
    #expect(tokens.tokenCount == 3)
    #expect(try InferenceRequest(Array(#"{"content":"hi"}"#.utf8)).text == "hi")
  }

  @Test
  func `a conversation has a message`() throws {
    #expect(try InferenceRequest(Array(#"{"messages":[{}]}"#.utf8)).isConversation)
    let empty = try InferenceRequest(Array(#"{"messages":[]}"#.utf8))
    #expect(empty.hasMessages && !empty.isConversation)
  }

  @Test
  func `a form is read like a body`() {
    let form = [
      #"--x"#, #"Content-Disposition: form-data; name="model""#, "", "w", "--x",
      #"Content-Disposition: form-data; name="stream""#, "", "true", "--x",
      #"Content-Disposition: form-data; name="file"; filename="a.wav""#,
      "Content-Type: audio/wav", "", "RIFF", "--x--", "",
    ].joined(separator: "\r\n")
    let wanted = InferenceRequest(form: Array(form.utf8), boundary: "x")
    #expect(wanted.model == "w")
    #expect(wanted.isStream && wanted.saysStream && wanted.hasInput)
  }
}
