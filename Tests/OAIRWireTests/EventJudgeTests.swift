import Testing

@testable import OAIRWire

@Suite struct EventJudgeTests {
  private func judge(_ data: String, _ family: WireFamily = .chat) -> EventVerdict? {
    let bytes = Array(data.utf8)
    return GuardedBytes(capacity: bytes.count).place(bytes[...]) { buffer in
      buffer.baseAddress.map {
        EventJudge.thorough(
          $0.assumingMemoryBound(to: UInt8.self),
          from: 0,
          to: bytes.count,
          family: family
        )
      }
    }
  }

  private func judgeBriefly(
    _ data: String,
    _ family: WireFamily,
    isNamed: Bool = false
  ) -> EventVerdict? {
    let bytes = Array(data.utf8)
    return GuardedBytes(capacity: bytes.count).place(bytes[...]) { buffer in
      buffer.baseAddress.map {
        EventJudge.brief(
          $0.assumingMemoryBound(to: UInt8.self),
          from: 0,
          to: bytes.count,
          family: family,
          isNamed: isNamed
        )
      }
    }
  }

  private func judgeLine(_ line: String) -> (EventVerdict?, TokenCounts) {
    let bytes = Array(line.utf8)
    var tokens = TokenCounts()
    let verdict = GuardedBytes(capacity: bytes.count).place(bytes[...]) { buffer in
      buffer.baseAddress.map {
        EventJudge.line(
          $0.assumingMemoryBound(to: UInt8.self),
          to: bytes.count,
          tokens: &tokens
        )
      }
    }
    return (verdict, tokens)
  }

  @Test(arguments: [
    #"{"choices":[]}"#,
    #"{"choices":[{}]}"#,
    #"{"choices":[{"index":0,"delta":{}}]}"#,
    #"{"choices":[{"index":0,"delta":null}]}"#,
    #"{"choices":[{"delta":{"role":"assistant"}}]}"#,
    #"{"choices":[{"delta":{"role":"assistant","content":null,"refusal":null}}]}"#,
    #"{"choices":[{"delta":{"content":"","tool_calls":[],"function_call":{}}}]}"#,
    #"{"choices":[{"delta":{"content":"","reasoning_content":""},"logprobs":null}]}"#,
    #"{"choices":[{"index":0,"delta":{}},{"index":1,"delta":{"role":"assistant"}}]}"#,
    #"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#,
    #"{"choices":[],"error":null}"#,
    #" {"choices":[ ] } "#,
    #"{"choices":[{"index":0,"text":"","finish_reason":null}]}"#,
  ]) func `a chunk without content is silent`(data: String) {
    #expect(judge(data) == .silent)
  }

  @Test(arguments: [
    #"{"choices":[{"delta":{"content":"x"}}]}"#,
    #"{"choices":[{"delta":{"content":" "}}]}"#,
    #"{"choices":[{"delta":{"reasoning_content":"x"}}]}"#,
    #"{"choices":[{"delta":{"reasoning":"x"}}]}"#,
    #"{"choices":[{"delta":{"refusal":"x"}}]}"#,
    #"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
    #"{"choices":[{"delta":{"function_call":{"name":"f"}}}]}"#,
    #"{"choices":[{"delta":{"audio":{"data":"x"}}}]}"#,
    #"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
    #"{"choices":[{"delta":{}},{"delta":{"content":"x"}}]}"#,
    #"{"choices":[{"text":"x"}]}"#,
    #"{"choices":[{"message":{"content":"x"}}]}"#,
    #"{"choices":[],"prompt_progress":{"total":10,"processed":5}}"#,
    #"{"id":"x"}"#,
    #"{}"#,
    #"{"choices":null}"#,
    #"{"choices":{}}"#,
    #"{"choices":["x"]}"#,
    #"{"choices":[]} x"#,
    #"{"choices":[]"#,
    #"{"choices":[{"delta":{"content":""}"#,
    #"[]"#,
    #"x"#,
    #"null"#,
  ]) func `a chunk with content, or that isn't understood, is content`(data: String) {
    #expect(judge(data) == .content)
  }

  @Test func `a top-level error is an error wherever it stands`() {
    #expect(judge(#"{"error":{"message":"x"}}"#) == .error)
    #expect(judge(#"{"id":"x","choices":[],"error":{"code":502}}"#) == .error)
    #expect(judge(#"{"error":"x"}"#, .responses) == .error)
    #expect(judge(#"{"choices":[{"delta":{"error":"x"}}]}"#) == .content)
    #expect(
      judge(#"{"response":{"error":{"code":"x"}},"type":"response.failed"}"#, .responses)
        == .contentAndEnd
    )
  }

  @Test func `typed data is what its type says, wherever that stands`() {
    #expect(judge(#"{"type":"message_start","message":{"content":[]}}"#, .messages) == .silent)
    #expect(judge(#"{"response":{"type":"x"},"type":"response.created"}"#, .responses) == .silent)
    #expect(judge(#"{"type":"error","error":{"type":"api_error"}}"#, .messages) == .error)
    #expect(judge(#"{"type":"error","code":"x","message":"y"}"#, .responses) == .error)
    #expect(judge(#"{"x":1}"#, .responses) == .unnamed)
    #expect(judge(#"{"type":7}"#, .responses) == .content)
    #expect(judge(#"{"type":"message_start""#, .messages) == .content)
  }

  @Test func `the marker is the end in chat and completions only`() {
    #expect(judge("[DONE]") == .end)
    #expect(judge("[DONE] ", .completions) == .end)
    #expect(judge("[DONE]", .responses) == .silent)
    #expect(judge("[done]") == .content)
  }

  @Test func `brief judgement goes by the first key`() {
    #expect(judgeBriefly("[DONE]", .chat) == .end)
    #expect(judgeBriefly(#"{"error":{"message":"x"}}"#, .chat) == .error)
    #expect(judgeBriefly(#"{ "error" : {} }"#, .chat) == .error)
    #expect(judgeBriefly(#"{"error":null}"#, .chat) == .content)
    #expect(judgeBriefly(#"{"error""#, .chat) == .content)
    #expect(judgeBriefly(#"{"errors":1}"#, .chat) == .content)
    #expect(judgeBriefly(#"{"id":1,"error":{}}"#, .chat) == .content)
    #expect(judgeBriefly(#"{"type":"message_stop"}"#, .messages) == .end)
    #expect(judgeBriefly(#"{"type":"message_stop"}"#, .messages, isNamed: true) == .unnamed)
    #expect(judgeBriefly(#"{"type":"message_stop"}"#, .chat) == .content)
    #expect(judgeBriefly(#"{"type":7}"#, .messages) == .unnamed)
    #expect(judgeBriefly("{", .chat) == .content)
    #expect(judgeBriefly("x", .responses) == .unnamed)
  }

  @Test func `Ollama's lines are judged by message, response and done`() {
    #expect(judgeLine(#"{"message":{"role":"assistant","content":""},"done":false}"#).0 == .silent)
    #expect(judgeLine(#"{"response":"","done":false}"#).0 == .silent)
    #expect(judgeLine(#"{"response":"x","done":false}"#).0 == .content)
    #expect(judgeLine(#"{"response":"","thinking":"x","done":false}"#).0 == .content)
    #expect(judgeLine(#"{"message":{"thinking":"x"},"done":false}"#).0 == .content)
    #expect(judgeLine(#"{"message":{"tool_calls":[{}]},"done":false}"#).0 == .content)
    #expect(judgeLine(#"{"status":"pulling manifest"}"#).0 == .content)
    #expect(judgeLine(#"{"response":"","done":true}"#).0 == .end)
    #expect(judgeLine(#"{"response":"x","done":true}"#).0 == .contentAndEnd)
    #expect(judgeLine(#"{"error":"x"}"#).0 == .error)
    #expect(judgeLine(#"{"response":"","done":false"#).0 == .content)
    #expect(judgeLine("[]").0 == .content)
  }

  @Test func `Ollama's last line says its tokens`() {
    let tokens = judgeLine(#"{"response":"","done":true,"prompt_eval_count":3,"eval_count":4}"#).1
    #expect(tokens == TokenCounts(input: 3, output: 4))
  }
}
