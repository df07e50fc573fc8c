import Testing

@testable import OAIRMock

struct OpenAIDialectTests {
  private let dialect = OpenAIDialect()

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
  func `a chat stream begins with the role and ends with an empty delta`() {
    let start =
      #"{"id":"c","object":"chat.completion.chunk","created":1795332060,"model":"tiny","#
      + #""service_tier":"default","system_fingerprint":"fp_0ba0d124f1","choices":["#
    let expected = [
      start + #"{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"#
        + #""logprobs":null,"finish_reason":null}]}"#,
      start + #"{"index":0,"delta":{"content":"The"},"logprobs":null,"finish_reason":null}]}"#,
      start + #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}]}"#,
      "[DONE]",
    ]
    #expect(events(.recorded(.chat, id: "c", tokens: 1)) == expected.map { "data: \($0)\n\n" })
  }

  @Test
  func `when usage is asked for, it is null in all events but the last`() {
    var completion = Completion.recorded(.chat, id: "c", tokens: 1)
    completion.includesUsage = true
    let found = events(completion)
    #expect(found.count == 5)
    #expect(found[..<3].allSatisfy { $0.hasSuffix(#","usage":null}"# + "\n\n") })
    #expect(
      found[3].contains(
        #""choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6,"#
      )
    )
  }

  @Test
  func `a text answer has a text and no message`() {
    let body = text(dialect.document(.recorded(.text, id: "cmpl-1", tokens: 2)))
    #expect(
      body.hasPrefix(
        #"{"id":"cmpl-1","object":"text_completion","created":1795332060,"model":"tiny","#
          + #""choices":[{"text":"The quick","index":0,"logprobs":null,"#
          + #""finish_reason":"length"}],"usage":{"prompt_tokens":5,"#
      )
    )
    #expect(!body.contains("message"))
  }

  @Test
  func `one model is an element of the list`() throws {
    let model = try #require(dialect.model("m", created: 7))
    #expect(text(model) == #"{"id":"m","object":"model","created":7,"owned_by":"openai"}"#)
    #expect(
      text(dialect.models(["m"], created: 7)) == #"{"object":"list","data":[\#(text(model))]}"#
    )
  }

  @Test
  func `an unknown model has OpenAI's code`() {
    let document = dialect.document(.unknownModel("x", known: ["y"]))
    #expect(document.status == 404)
    #expect(text(document.body).hasSuffix(#""param":null,"code":"model_not_found"}}"#))
  }

  @Test
  func `a head names the request, and closes when it must`() {
    var facts = AnswerHead(
      status: 429,
      contentType: "application/json",
      framing: .length(2),
      fields: [MockField(name: "Retry-After", value: "1")],
      isKeepAlive: true,
      keepAliveSeconds: 60,
      requestsPerConnection: nil,
      date: "D",
      requestID: "req_1"
    )
    #expect(
      text(dialect.head(facts))
        == "HTTP/1.1 429 Too Many Requests\r\nDate: D\r\nContent-Type: application/json\r\n"
        + "Content-Length: 2\r\nConnection: keep-alive\r\nopenai-version: 2020-10-01\r\n"
        + "x-request-id: req_1\r\nRetry-After: 1\r\n\r\n"
    )
    facts.isKeepAlive = false
    #expect(text(dialect.head(facts)).contains("\r\nConnection: close\r\n"))
  }
}
