import Testing

@testable import OAIRMock

/// Compared with what llama-server sent, its ids, times and words replaced by ours.
struct LlamaCppNativeTests {
  private let dialect = LlamaCppDialect()

  @Test
  func `a stream of the engine's own has the recorded bytes, and no end marker`() {
    let found = dialect.script(.recorded(.native, id: "", tokens: 2)).texts
    #expect(found.count == 3)
    #expect(
      found[1]
        == #"data: {"index":0,"content":" quick","tokens":[236743],"stop":false,"id_slot":-1,"#
        + #""tokens_predicted":2,"tokens_evaluated":5}"# + "\n\n"
    )
    #expect(
      found[2].hasPrefix(
        #"data: {"index":0,"content":"","tokens":[],"id_slot":0,"stop":true,"model":"tiny","#
          + #""tokens_predicted":2,"tokens_evaluated":5,"#
      )
    )
    #expect(found[2].contains(#""stop_type":"limit","stopping_word":"","tokens_cached":6,"#))
  }

  private func answer(_ route: MockRoute, _ body: String) throws -> String {
    let task = PlainTask(
      route: route,
      id: "0",
      created: 0,
      model: "x",
      promptTokens: 6,
      tokenCount: 2,
      request: try InferenceRequest(Array(body.utf8))
    )
    return text(dialect.document(task).body)
  }

  @Test
  func `tasks have the recorded shape`() throws {
    #expect(
      try answer(.rerank, #"{"query":"q","documents":["a","b"]}"#)
        == #"{"model":"x","object":"list","usage":{"prompt_tokens":6,"total_tokens":6},"#
        + #""results":[{"index":0,"relevance_score":0.875},"#
        + #"{"index":1,"relevance_score":0.4375}]}"#
    )
    #expect(try answer(.countTokens, "{}") == #"{"input_tokens":6}"#)
    #expect(try answer(.detokenize, #"{"tokens":[1,2]}"#) == #"{"content":"The quick"}"#)
    #expect(try answer(.tokenize, #"{"content":"abcde"}"#).hasPrefix(#"{"tokens":["#))
    #expect(
      try answer(.applyTemplate, "{}")
        == #"{"prompt":"<|im_start|>user\nThe quick<|im_end|>\n<|im_start|>assistant\n"}"#
    )
  }
}
