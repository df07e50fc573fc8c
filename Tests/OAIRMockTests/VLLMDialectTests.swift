import Testing

@testable import OAIRMock

/// Compared with what vLLM sent, its ids, times and words replaced by ours.
struct VLLMDialectTests {
  private let dialect = VLLMDialect()

  private func events(_ completion: Completion) -> [String] {
    var stream = TokenStream(
      dialect.script(completion),
      firstToken: 0,
      interval: 0,
      breakPoint: nil
    )
    var events: [String] = []
    var buffer: [UInt8] = []
    while stream.next(at: 0, into: &buffer) == .event { events.append(text(buffer)) }
    return events
  }

  @Test
  func `a chat stream has the recorded bytes`() {
    let start =
      #"{"id":"chatcmpl-ab","object":"chat.completion.chunk","created":1795332060,"model":"tiny","#
    let expected = [
      start + #""choices":[{"index":0,"delta":{"role":"assistant","content":""},"#
        + #""logprobs":null,"finish_reason":null}],"prompt_token_ids":null,"prompt_text":null}"#,
      start + #""choices":[{"index":0,"delta":{"content":"The"},"logprobs":null,"#
        + #""finish_reason":null,"token_ids":null}]}"#,
      start + #""choices":[{"index":0,"delta":{"content":" quick"},"logprobs":null,"#
        + #""finish_reason":"length","stop_reason":null,"token_ids":null}],"#
        + #""system_fingerprint":"vllm-0.32.0-e45cfe3e"}"#,
      "[DONE]",
    ]
    let found = events(.recorded(.chat, id: "chatcmpl-ab", tokens: 2))
    #expect(found == expected.map { "data: \($0)\n\n" })
  }

  @Test
  func `a text stream has the recorded bytes`() {
    let start =
      #"{"id":"cmpl-81","object":"text_completion","created":1795332060,"model":"tiny","choices":["#
    let nulls = #""stop_reason":null,"prompt_token_ids":null,"token_ids":null}]"#
    let expected = [
      start + #"{"index":0,"text":"The","logprobs":null,"finish_reason":null,\#(nulls)}"#,
      start + #"{"index":0,"text":" quick","logprobs":null,"finish_reason":"length",\#(nulls),"#
        + #""system_fingerprint":"vllm-0.32.0-e45cfe3e"}"#,
      "[DONE]",
    ]
    #expect(
      events(.recorded(.text, id: "cmpl-81", tokens: 2)) == expected.map { "data: \($0)\n\n" }
    )
  }

  @Test
  func `usage has an event of its own, which takes the fingerprint along`() {
    var completion = Completion.recorded(.chat, id: "c", tokens: 4)
    completion.includesUsage = true
    let found = events(completion)
    #expect(found.count == 7)
    #expect(!found[4].contains("system_fingerprint"))
    #expect(
      found[5].hasSuffix(
        #""choices":[],"usage":{"prompt_tokens":5,"total_tokens":9,"completion_tokens":4},"#
          + #""system_fingerprint":"vllm-0.32.0-e45cfe3e"}"# + "\n\n"
      )
    )
  }

  @Test
  func `an answer in one piece has the recorded bytes`() {
    #expect(
      text(dialect.document(.recorded(.chat, id: "chatcmpl-bf", tokens: 2)))
        == #"{"id":"chatcmpl-bf","object":"chat.completion","created":1795332060,"model":"tiny","#
        + #""choices":[{"index":0,"message":{"role":"assistant","content":"The quick","#
        + #""refusal":null,"annotations":null,"audio":null,"function_call":null,"#
        + #""reasoning":null},"logprobs":null,"finish_reason":"length","stop_reason":null,"#
        + #""token_ids":null,"routed_experts":null}],"service_tier":null,"#
        + #""system_fingerprint":"vllm-0.32.0-e45cfe3e","usage":{"prompt_tokens":5,"#
        + #""total_tokens":7,"completion_tokens":2,"prompt_tokens_details":null,"#
        + #""completion_tokens_details":null},"prompt_logprobs":null,"prompt_token_ids":null,"#
        + #""prompt_text":null,"kv_transfer_params":null,"ec_transfer_params":null,"#
        + #""metrics":null}"#
    )
  }

  @Test
  func `a text answer in one piece has the recorded bytes`() {
    #expect(
      text(dialect.document(.recorded(.text, id: "cmpl-ab", tokens: 1)))
        == #"{"id":"cmpl-ab","object":"text_completion","created":1795332060,"model":"tiny","#
        + #""choices":[{"index":0,"text":"The","logprobs":null,"finish_reason":"length","#
        + #""stop_reason":null,"token_ids":null,"prompt_logprobs":null,"prompt_token_ids":null,"#
        + #""routed_experts":null}],"service_tier":null,"#
        + #""system_fingerprint":"vllm-0.32.0-e45cfe3e","usage":{"prompt_tokens":5,"#
        + #""total_tokens":6,"completion_tokens":1,"prompt_tokens_details":null,"#
        + #""completion_tokens_details":null},"kv_transfer_params":null,"#
        + #""ec_transfer_params":null,"metrics":null}"#
    )
  }

  @Test
  func `aliases share the first model's root`() {
    let body = text(dialect.models(["tiny", "tiny-alias"], created: 7))
    #expect(
      body.hasPrefix(
        #"{"object":"list","data":[{"id":"tiny","object":"model","created":7,"owned_by":"vllm","#
          + #""root":"tiny","parent":null,"max_model_len":8192,"permission":[{"id":"modelperm-"#
      )
    )
    #expect(body.contains(#"{"id":"tiny-alias","object":"model","#))
    #expect(!body.contains(#""root":"tiny-alias""#))
  }

  @Test
  func `errors have the recorded bytes`() {
    let unknown = dialect.document(.unknownModel("nosuch", known: ["tiny", "tiny-alias"]))
    #expect(unknown.status == 404)
    #expect(
      text(unknown.body)
        == #"{"error":{"message":"The model `nosuch` does not exist. "#
        + #"Valid aliases: tiny, tiny-alias.","type":"NotFoundError","param":"model","code":404}}"#
    )
    let method = dialect.document(.wrongMethod(method: "GET", path: "/x", allowed: "POST"))
    #expect(method.status == 405)
    #expect(method.fields == [MockField(name: "allow", value: "POST")])
    #expect(text(method.body) == #"{"detail":"Method Not Allowed"}"#)
    let broken = dialect.document(.invalidJSON(JSONFault(kind: .endOfInput, offset: 9)))
    #expect(
      text(broken.body)
        == #"{"error":{"message":"1 validation error:\n  {'type': 'json_invalid', "#
        + #"'loc': 'body.9', "#
        + #"'msg': 'JSON decode error', 'input': '<dict of 0 items>', "#
        + #"'ctx': {'error': 'Expecting value'}}","#
        + #""type":"Bad Request","param":"body.9","code":400}}"#
    )
  }

  @Test
  func `an engine's death has the recorded bytes`() {
    let script = dialect.script(.recorded(.chat, id: "c", tokens: 1))
    #expect(
      script.failure.map { text($0) } == [
        #"data: {"error": {"message": "EngineCore encountered an issue. "#
          + #"See stack trace (above) for the root cause.", "type": "InternalServerError", "#
          + #""param": null, "code": 500}}"# + "\n\n",
        "data: [DONE]\n\n",
      ]
    )
  }

  @Test
  func `heads have the recorded bytes`() {
    var facts = AnswerHead(
      status: 200,
      contentType: "application/json",
      framing: .length(699),
      fields: [],
      isKeepAlive: true,
      keepAliveSeconds: 5,
      requestsPerConnection: nil,
      date: "Sun, 22 Nov 2026 07:25:43 GMT",
      requestID: ""
    )
    let start = "HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 07:25:43 GMT\r\nserver: uvicorn\r\n"
    #expect(
      text(dialect.head(facts))
        == start + "content-length: 699\r\ncontent-type: application/json\r\nvary: Origin\r\n\r\n"
    )
    facts.contentType = nil
    facts.framing = .length(0)
    #expect(
      text(dialect.head(facts)) == start + "content-length: 0\r\nvary: Origin\r\n\r\n"
    )
    facts.contentType = "text/event-stream"
    facts.framing = .chunked
    #expect(
      text(dialect.head(facts))
        == start + "content-type: text/event-stream; charset=utf-8\r\nvary: Origin\r\n"
        + "transfer-encoding: chunked\r\n\r\n"
    )
  }
}
