import Testing

@testable import OAIRMock

/// Compared with what llama-server sent, its ids, times and words replaced by ours.
struct LlamaCppMessagesTests {
  private let dialect = LlamaCppDialect()

  @Test
  func `a message has the recorded bytes`() {
    #expect(
      text(dialect.document(.recorded(.message, id: "chatcmpl-kD", tokens: 2)))
        == #"{"id":"chatcmpl-kD","type":"message","role":"assistant","content":[{"type":"text","#
        + #""text":"The quick"}],"model":"tiny","stop_reason":"max_tokens","#
        + #""stop_sequence":null,"#
        + #""usage":{"cache_read_input_tokens":0,"input_tokens":5,"output_tokens":2}}"#
    )
  }

  @Test
  func `a streamed message has the recorded bytes`() {
    let expected = [
      (
        "message_start",
        #""message":{"id":"chatcmpl-cv","type":"message","role":"assistant","content":[],"#
          + #""model":"tiny","stop_reason":null,"stop_sequence":null,"#
          + #""usage":{"cache_read_input_tokens":0,"input_tokens":5,"output_tokens":0}}}"#
      ),
      ("content_block_start", #""index":0,"content_block":{"type":"text","text":""}}"#),
      ("content_block_delta", #""index":0,"delta":{"type":"text_delta","text":"The"}}"#),
      ("content_block_stop", #""index":0}"#),
      (
        "message_delta",
        #""delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"output_tokens":1}}"#
      ),
    ]
    let script = dialect.script(.recorded(.message, id: "chatcmpl-cv", tokens: 1))
    #expect(
      script.texts
        == expected.map { "event: \($0)\ndata: {\"type\":\"\($0)\",\($1)\n\n" }
        + ["event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"]
    )
  }
}
