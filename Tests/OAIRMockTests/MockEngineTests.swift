import OAIRHTTP1
import Testing

@testable import OAIRMock

struct MockEngineTests {
  private func request(_ path: String, _ body: String?, type: String = "application/json")
    -> MockRequest
  {
    let head =
      "\(body == nil ? "GET" : "POST") \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\n\r\n"
    var table = HeadTable(capacity: 8)
    return Array(head.utf8).withUnsafeBytes { bytes in
      let parse = RequestHeadParser.parse(
        bytes,
        previouslyScanned: 0,
        into: &table,
        limits: HTTP1Limits()
      )
      guard case .head(let head) = parse else { fatalError("a test's head is whole") }
      var request = MockRequest(head, in: bytes, table, isRecorded: false)
      request.body = Array((body ?? "").utf8)
      return request
    }
  }

  private func ask(
    _ personality: MockPersonality,
    _ path: String,
    _ body: String? = nil,
    _ state: MockEngine.State = MockEngine.State()
  ) -> (status: Int, body: String) {
    var engine = MockEngine(.reproducible(personality))
    switch engine.answer(request(path, body), state) {
    case .document(let document, _): return (document.status, text(document.body))
    case .stream(let script): return (200, script.texts.joined())
    }
  }

  /// Each path that a body is POSTed to, and a body that it takes.
  static let work: [(MockPersonality, String, String)] = {
    let chat = #""messages":[{"role":"user","content":"x"}]"#
    let common = [
      ("/v1/chat/completions", chat), ("/v1/completions", #""prompt":"x""#),
      ("/v1/responses", #""input":"x""#), ("/v1/embeddings", #""input":["x","y"]"#),
    ]
    let own: [MockPersonality: [(String, String)]] = [
      .openai: [
        ("/v1/moderations", #""input":"x""#), ("/v1/images/generations", #""prompt":"x""#),
        ("/v1/responses/input_tokens", #""input":"x""#),
      ],
      .vllm: [
        ("/v1/messages", chat), ("/v1/messages/count_tokens", chat),
        ("/v1/rerank", #""query":"x","documents":["x","y"]"#),
        ("/score", #""text_1":"x","text_2":["x"]"#), ("/classify", #""input":["x"]"#),
        ("/pooling", #""input":["x"]"#), ("/tokenize", #""prompt":"hello""#),
        ("/detokenize", #""tokens":[1,2]"#),
      ],
      .llamacpp: [
        ("/v1/messages", chat), ("/v1/messages/count_tokens", chat),
        ("/completion", #""prompt":"x""#),
        ("/rerank", #""query":"x","documents":["x","y"]"#), ("/tokenize", #""content":"hello""#),
        ("/detokenize", #""tokens":[1,2]"#), ("/apply-template", chat),
        ("/infill", #""input_prefix":"x""#),
      ],
      .ollama: [
        ("/v1/messages", chat), ("/api/chat", chat), ("/api/generate", #""prompt":"x""#),
        ("/api/embed", #""input":["x"]"#), ("/api/embeddings", #""prompt":"x""#),
        ("/api/show", #""verbose":false"#),
      ],
    ]
    return MockPersonality.allCases.flatMap { personality in
      (common + (own[personality] ?? [])).map { (personality, $0.0, $0.1) }
    }
  }()

  @Test(arguments: work)
  func `every path answers JSON`(personality: MockPersonality, path: String, members: String) throws
  {
    let (status, body) = ask(personality, path, #"{"model":"one","stream":false,\#(members)}"#)
    #expect(status == 200, "\(personality) \(path): \(body)")
    var reader = JSONReader(Array(body.utf8))
    try reader.skip()
    try reader.end()
  }

  @Test(arguments: work)
  func `equal requests get equal bytes`(personality: MockPersonality, path: String, members: String)
  {
    for stream in ["true", "false"] {
      let body = #"{"model":"one","stream":\#(stream),\#(members)}"#
      #expect(ask(personality, path, body) == ask(personality, path, body))
    }
  }

  @Test(arguments: work)
  func `every event of a stream is JSON`(
    personality: MockPersonality,
    path: String,
    members: String
  ) throws {
    var engine = MockEngine(.reproducible(personality))
    let body = #"{"model":"one","stream":true,\#(members)}"#
    guard case .stream(let script) = engine.answer(request(path, body), MockEngine.State()) else {
      return
    }
    for event in script.texts + script.failure.map({ text($0) }) where !event.contains("[DONE]") {
      let line = try #require(event.split(separator: "\n").last)
      let json = line.hasPrefix("data: ") ? line.dropFirst("data: ".count) : line
      var reader = JSONReader(Array(json.utf8))
      try reader.skip()
      try reader.end()
    }
  }

  @Test
  func `Ollama streams its own paths unless told not to`() {
    let chat = #"{"model":"one","messages":[{"role":"user","content":"x"}]}"#
    #expect(ask(.ollama, "/api/chat", chat).body.split(separator: "\n").count == 4)
    let generate = #"{"model":"one:latest","prompt":"x","stream":false}"#
    #expect(ask(.ollama, "/api/generate", generate).body.split(separator: "\n").count == 1)
    #expect(
      ask(.ollama, "/v1/chat/completions", chat).body.contains(#""object":"chat.completion""#)
    )
  }

  @Test
  func `a question without a word only loads the model`() {
    for (path, body) in [
      ("/api/chat", #"{"model":"one"}"#), ("/api/chat", #"{"model":"one","messages":[]}"#),
      ("/api/generate", #"{"model":"one"}"#),
    ] {
      #expect(ask(.ollama, path, body).body.hasSuffix(#""done":true,"done_reason":"load"}"#))
    }
  }

  @Test
  func `what is loaded is told`() {
    var state = MockEngine.State()
    #expect(ask(.ollama, "/api/ps", nil, state).body == #"{"models":[]}"#)
    state.loaded = ["two"]
    #expect(ask(.ollama, "/api/ps", nil, state).body.contains(#""name":"two:latest""#))
    state.inFlight = 3
    #expect(ask(.vllm, "/load", nil, state).body == #"{"server_load":3}"#)
    state.statistics.requests = 7
    #expect(ask(.vllm, "/mock/statistics", nil, state).body.hasPrefix(#"{"requests":7,"#))
  }

  @Test
  func `llama.cpp says that it loads, everywhere`() {
    var state = MockEngine.State()
    state.isLoading = true
    for path in ["/health", "/v1/models", "/nosuch"] {
      let answer = ask(.llamacpp, path, nil, state)
      #expect(answer.status == 503)
      #expect(answer.body.contains(#""message":"Loading model""#))
    }
    #expect(ask(.llamacpp, "/mock/statistics", nil, state).status == 200)
    #expect(ask(.vllm, "/health", nil, state).status == 200)
  }

  @Test
  func `a form names its model`() {
    let form =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRIFF\r\n"
      + "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
    for (model, status) in [("one", 200), ("nosuch", 404)] {
      var engine = MockEngine(.reproducible(.openai))
      let type = "multipart/form-data; boundary=b"
      let body = request("/v1/audio/transcriptions", form + "\(model)\r\n--b--\r\n", type: type)
      guard case .document(let document, _) = engine.answer(body, MockEngine.State()) else {
        Issue.record("not a document")
        continue
      }
      #expect(document.status == status)
    }
  }

  @Test
  func `a missing member is named`() {
    for (personality, path, body, name) in [
      (MockPersonality.openai, "/v1/responses", #"{"model":"one"}"#, "input"),
      (.vllm, "/v1/rerank", #"{"model":"one","query":"x"}"#, "documents"),
      (.openai, "/v1/audio/speech", #"{"model":"one"}"#, "input"),
      (.ollama, "/api/chat", #"{"messages":[]}"#, "model"),
    ] {
      let answer = ask(personality, path, body)
      #expect(answer.status == 400)
      #expect(answer.body.contains(name), "\(answer.body)")
    }
  }
}
