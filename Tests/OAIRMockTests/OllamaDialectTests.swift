import Testing

@testable import OAIRMock

/// Compared with Ollama's documentation, and with the structures in its source.
struct OllamaDialectTests {
  private let dialect = OllamaDialect()

  @Test
  func `a stream of its own is lines, and the last one is done`() {
    let start = #"{"model":"tiny","created_at":"2026-11-22T07:21:00Z","#
    let found = dialect.script(.recorded(.ollamaChat, id: "", tokens: 1))
    #expect(found.contentType == "application/x-ndjson")
    #expect(
      found.texts == [
        start + #""message":{"role":"assistant","content":"The"},"done":false}"# + "\n",
        start + #""message":{"role":"assistant","content":""},"done":true,"done_reason":"length","#
          + #""total_duration":31000000,"load_duration":1000000,"prompt_eval_count":5,"#
          + #""prompt_eval_duration":20000000,"eval_count":1,"eval_duration":10000000}"# + "\n",
      ]
    )
    #expect(found.failure.map { text($0) }.allSatisfy { $0.hasPrefix(#"{"error":""#) })
  }

  @Test
  func `a generated text is the response, with a context behind it`() {
    let body = text(dialect.document(.recorded(.ollamaGenerate, id: "", tokens: 2)))
    #expect(body.contains(#""response":"The quick","done":true,"done_reason":"length","#))
    #expect(body.contains(#""context":[1,2,3],"total_duration":"#))
    #expect(!body.hasSuffix("\n"))
  }

  @Test
  func `the translated stream says the role with each piece`() {
    let start =
      #"data: {"id":"c","object":"chat.completion.chunk","created":1795332060,"model":"tiny","#
      + #""system_fingerprint":"fp_ollama","choices":[{"index":0,"#
    let script = dialect.script(.recorded(.chat, id: "c", tokens: 1))
    #expect(
      script.texts == [
        start + #""delta":{"role":"assistant","content":"The"},"finish_reason":null}]}"# + "\n\n",
        start + #""delta":{"role":"assistant","content":""},"finish_reason":"length"}]}"# + "\n\n",
        "data: [DONE]\n\n",
      ]
    )
    // It has no words for an error: an event without text, and no end marker.
    #expect(script.failure.count == 1)
    #expect(script.failure.map { text($0) }.first?.contains(#""model":"","#) == true)
  }

  @Test
  func `translated documents end with a line end`() {
    for kind in [Completion.Kind.chat, .text, .response, .message] {
      #expect(dialect.document(.recorded(kind, id: "x", tokens: 1)).last == 0x0A)
    }
    #expect(
      text(dialect.models(["m", "a/b:7b"], created: 7))
        == #"{"object":"list","data":[{"id":"m:latest","object":"model","created":7,"#
        + #""owned_by":"library"},{"id":"a/b:7b","object":"model","created":7,"#
        + #""owned_by":"library"}]}"# + "\n"
    )
  }

  @Test(arguments: [
    ("m", "m:latest"), ("m:7b", "m:7b"), ("ns/m", "ns/m:latest"),
    ("host:80/ns/m", "host:80/ns/m:latest"),
  ])
  func `a name without a tag is the latest`(name: String, tagged: String) {
    #expect(OllamaDialect.tagged(name) == tagged)
  }

  @Test
  func `errors have the shape of the API that was called`() {
    let failure = MockFailure.unknownModel("x", known: ["m"])
    let bodies = [MockRoute.ollamaChat, .chat, .messages].map { route in
      text(dialect.document(failure, on: route).body)
    }
    #expect(
      bodies == [
        #"{"error":"model 'x' not found"}"#,
        #"{"error":{"message":"model 'x' not found","type":"not_found_error","param":null,"#
          + #""code":null}}"# + "\n",
        #"{"type":"error","error":{"type":"not_found_error","message":"model 'x' not found"},"#
          + #""request_id":"req_0123456789ab0123456789ab"}"# + "\n",
      ]
    )
    let path = dialect.document(.unknownPath(method: "GET", path: "/x"), on: .unknown)
    #expect(path.contentType == "text/plain")
    #expect(text(path.body) == "404 page not found")
  }

  @Test
  func `a head is as Go writes it`() {
    let facts = AnswerHead(
      status: 200,
      contentType: "application/json; charset=utf-8",
      framing: .length(20),
      fields: [],
      isKeepAlive: true,
      keepAliveSeconds: 3600,
      requestsPerConnection: nil,
      date: "D",
      requestID: ""
    )
    #expect(
      text(dialect.head(facts))
        == "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: D\r\n"
        + "Content-Length: 20\r\n\r\n"
    )
  }
}
