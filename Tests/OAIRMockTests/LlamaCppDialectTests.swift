import Testing

@testable import OAIRMock

/// Compared with what llama-server sent, its ids, times and words replaced by ours.
struct LlamaCppDialectTests {
  private let dialect = LlamaCppDialect()

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
    let tail =
      #""created":1795332060,"id":"chatcmpl-9U1B","model":"tiny","#
      + #""system_fingerprint":"b0-unknown","object":"chat.completion.chunk""#
    let timings =
      #""timings":{"cache_n":0,"prompt_n":5,"prompt_ms":20.0,"prompt_per_token_ms":4.0,"#
      + #""prompt_per_second":250.0,"predicted_n":1,"predicted_ms":10.0,"#
      + #""predicted_per_token_ms":10.0,"predicted_per_second":100.0}"#
    let expected = [
      #"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"#
        + "\(tail)}",
      #"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"The"}}],\#(tail)}"#,
      #"{"choices":[{"finish_reason":"length","index":0,"delta":{}}],\#(tail),\#(timings)}"#,
      "[DONE]",
    ]
    let found = events(.recorded(.chat, id: "chatcmpl-9U1B", tokens: 1))
    #expect(found == expected.map { "data: \($0)\n\n" })
  }

  @Test
  func `usage has an event of its own, which takes the timings along`() {
    var completion = Completion.recorded(.chat, id: "c", tokens: 1)
    completion.includesUsage = true
    let found = events(completion)
    #expect(found.count == 5)
    #expect(!found[2].contains("timings"))
    #expect(found[3].hasPrefix(#"data: {"choices":[],"created":1795332060,"id":"c","#))
    #expect(
      found[3].contains(
        #","usage":{"completion_tokens":1,"prompt_tokens":5,"total_tokens":6,"#
          + #""prompt_tokens_details":{"cached_tokens":0}},"timings":{"#
      )
    )
  }

  @Test
  func `a text stream has no role, and its id behind the object`() {
    let found = events(.recorded(.text, id: "chatcmpl-4J", tokens: 1))
    #expect(found.count == 3)
    #expect(
      found[0]
        == #"data: {"choices":[{"text":"The","index":0,"logprobs":null,"finish_reason":null}],"#
        + #""created":1795332060,"model":"tiny","system_fingerprint":"b0-unknown","#
        + #""object":"text_completion","id":"chatcmpl-4J"}"# + "\n\n"
    )
    #expect(found[1].contains(#""text":"","index":0,"logprobs":null,"finish_reason":"length""#))
    #expect(found[1].contains(#","usage":{"completion_tokens":1,"#))
  }

  @Test
  func `an answer in one piece begins with its choices and ends with its timings`() {
    let body = text(dialect.document(.recorded(.chat, id: "i", tokens: 2)))
    #expect(
      body.hasPrefix(
        #"{"choices":[{"finish_reason":"length","index":0,"#
          + #""message":{"role":"assistant","content":"The quick"}}],"created":1795332060,"#
          + #""model":"tiny","system_fingerprint":"b0-unknown","object":"chat.completion","#
          + #""usage":{"completion_tokens":2,"prompt_tokens":5,"total_tokens":7,"#
          + #""prompt_tokens_details":{"cached_tokens":0}},"id":"i","timings":{"cache_n":0,"#
      )
    )
  }

  @Test
  func `models are listed twice, in Ollama's manner and in OpenAI's`() {
    let body = text(dialect.models(["gemma"], created: 7))
    #expect(body.hasPrefix(#"{"models":[{"name":"gemma","model":"gemma","modified_at":"","#))
    #expect(body.contains(#"],"object":"list","data":[{"id":"gemma","aliases":["gemma"],"#))
    #expect(body.contains(#""created":7,"owned_by":"llamacpp","meta":{"vocab_type":1,"#))
    #expect(dialect.model("gemma", created: 7) == nil)
  }

  @Test
  func `errors have the recorded bytes`() {
    let missing = dialect.document(.missingMember("messages"))
    #expect(missing.status == 400)
    #expect(
      text(missing.body)
        == #"{"error":{"code":400,"message":"'messages' is required","#
        + #""type":"invalid_request_error"}}"#
    )
    let unknown = dialect.document(.wrongMethod(method: "GET", path: "/x", allowed: "POST"))
    #expect(unknown.status == 404)
    #expect(
      text(unknown.body)
        == #"{"error":{"message":"File Not Found","type":"not_found_error","code":404}}"#
    )
    let loading = dialect.document(.loading)
    #expect(loading.status == 503)
    #expect(
      text(loading.body)
        == #"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#
    )
  }

  private func head(_ type: String, _ framing: AnswerHead.Framing, isKeepAlive: Bool) -> String {
    text(
      dialect.head(
        AnswerHead(
          status: 200,
          contentType: type,
          framing: framing,
          fields: [],
          isKeepAlive: isKeepAlive,
          keepAliveSeconds: 5,
          requestsPerConnection: 100,
          date: "",
          requestID: ""
        )
      )
    )
  }

  @Test
  func `heads have the recorded bytes`() {
    #expect(
      head("application/json", .length(628), isKeepAlive: true)
        == "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
        + "Content-Type: application/json; charset=utf-8\r\nContent-Length: 628\r\n"
        + "Keep-Alive: timeout=5, max=100\r\n\r\n"
    )
    #expect(
      head("text/event-stream", .chunked, isKeepAlive: true)
        == "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
        + "X-Accel-Buffering: no\r\nContent-Type: text/event-stream\r\n"
        + "Transfer-Encoding: chunked\r\nKeep-Alive: timeout=5, max=100\r\n\r\n"
    )
    #expect(
      head("application/json", .length(74), isKeepAlive: false)
        .hasSuffix("Content-Length: 74\r\nConnection: close\r\n\r\n")
    )
  }
}
