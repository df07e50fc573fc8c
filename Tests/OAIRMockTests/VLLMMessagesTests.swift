import Testing

@testable import OAIRMock

/// Compared with what vLLM sent, its ids, times and words replaced by ours.
struct VLLMMessagesTests {
  private let dialect = VLLMDialect()

  @Test
  func `a message has the recorded bytes`() {
    #expect(
      text(dialect.document(.recorded(.message, id: "chatcmpl-8d", tokens: 2)))
        == #"{"id":"chatcmpl-8d","type":"message","role":"assistant","#
        + #""content":[{"type":"text","text":"The quick"}],"model":"tiny","#
        + #""stop_reason":"max_tokens","usage":{"input_tokens":5,"output_tokens":2}}"#
    )
  }

  @Test
  func `a streamed message has the recorded bytes`() {
    let expected = [
      #"message_start {"type":"message_start","message":{"id":"chatcmpl-90","type":"message","#
        + #""role":"assistant","content":[],"model":"tiny","stop_reason":null,"#
        + #""stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":0}}}"#,
      #"content_block_start {"type":"content_block_start","#
        + #""content_block":{"type":"text","text":""},"index":0}"#,
      #"content_block_delta {"type":"content_block_delta","#
        + #""delta":{"type":"text_delta","text":"The"},"index":0}"#,
      #"content_block_stop {"type":"content_block_stop","index":0}"#,
      #"message_delta {"type":"message_delta","delta":{"stop_reason":"max_tokens","#
        + #""stop_sequence":null},"usage":{"input_tokens":5,"output_tokens":1}}"#,
      #"message_stop {"type":"message_stop"}"#,
    ]
    let script = dialect.script(.recorded(.message, id: "chatcmpl-90", tokens: 1))
    #expect(
      script.texts
        == expected.map { line in
          let pair = line.split(separator: " ", maxSplits: 1)
          return "event: \(pair[0])\ndata: \(pair[1])\n\n"
        }
    )
  }

  @Test
  func `errors have Anthropic's shape where they are a handler's`() {
    let failure = MockFailure.unknownModel("x", known: ["tiny"])
    let document = dialect.document(failure, on: .messages)
    #expect(document.status == 404)
    #expect(text(document.body).hasPrefix(#"{"type":"error","error":{"type":"not_found_error","#))
    let path = MockFailure.unknownPath(method: "POST", path: "/v1/messages/x")
    #expect(text(dialect.document(path, on: .messages).body) == #"{"detail":"Not Found"}"#)
  }
}
