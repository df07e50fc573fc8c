import FoundationEssentials
import OAIRTypes
import Testing

/// Every type is read from what an engine or client sends, and written in a form that reads back.
@Suite struct CodingTests {
  private func decode<T: Codable>(_ type: T.Type, _ json: String) throws -> T {
    try JSONDecoder().decode(type, from: Data(json.utf8))
  }

  /// What `value` is written as, keys sorted; checks that it reads back as the same.
  private func roundTrip<T: Codable & Equatable>(_ value: T) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(value)
    #expect(try JSONDecoder().decode(T.self, from: data) == value)
    return String(decoding: data, as: UTF8.self)
  }

  @Test func `a chat request is read with all its forms`() throws {
    let request = try decode(
      ChatCompletionRequest.self,
      #"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"#
        + #"[{"type":"text","text":"t"}]},{"role":"assistant","content":null,"tool_calls":"#
        + #"[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"#
        + #"{"role":"tool","tool_call_id":"c","content":"1"}],"stream":true,"#
        + #""stream_options":{"include_usage":true},"max_tokens":7,"top_p":0.5,"stop":["a","b"],"#
        + #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"#
        + #""tool_choice":"auto","unknown":{"x":1}}"#
    )
    #expect(request.model == "m")
    #expect(request.messages.map(\.role) == ["system", "user", "assistant", "tool"])
    #expect(request.messages[0].content == .text("s"))
    #expect(
      request.messages[1].content
        == .parts([.object(["type": .string("text"), "text": .string("t")])])
    )
    #expect(request.messages[2].content == nil)
    #expect(request.messages[2].toolCalls?.first?.function.name == "f")
    #expect(request.messages[3].toolCallID == "c")
    #expect(request.stream == true)
    #expect(request.streamOptions?.includeUsage == true)
    #expect(request.maxTokens == 7)
    #expect(request.topP == 0.5)
    #expect(request.stop?.values == ["a", "b"])
    #expect(
      request.tools?.first?.function.parameters == .object(["type": .string("object")])
    )
    #expect(request.toolChoice == .string("auto"))
    _ = try roundTrip(request)
  }

  @Test func `a chat request is written without what it leaves open`() throws {
    let request = ChatCompletionRequest(
      model: "m",
      messages: [ChatMessage(role: "user", content: "hi")],
      stream: true,
      maxCompletionTokens: 4
    )
    #expect(
      try roundTrip(request)
        == #"{"max_completion_tokens":4,"messages":[{"content":"hi","role":"user"}],"model":"m","#
        + #""stream":true}"#
    )
  }

  @Test func `a chat answer is written and read`() throws {
    let response = ChatCompletionResponse(
      id: "i",
      created: 1,
      model: "m",
      choices: [.init(message: ChatMessage(role: "assistant", content: "hi"))],
      usage: TokenUsage(promptTokens: 2, completionTokens: 3)
    )
    #expect(
      try roundTrip(response)
        == #"{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"hi","#
        + #""role":"assistant"}}],"created":1,"id":"i","model":"m","object":"chat.completion","#
        + #""usage":{"completion_tokens":3,"prompt_tokens":2,"total_tokens":5}}"#
    )
  }

  @Test func `an engine's chunk is read`() throws {
    let chunk = try decode(
      ChatCompletionChunk.self,
      #"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"#
        + #""created":1795332060,"id":"chatcmpl-9U","model":"gemma-3-270m","#
        + #""system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}"#
    )
    #expect(chunk.choices == [.init(delta: .init(role: "assistant"))])
    #expect(chunk.created == 1_795_332_060)
    var written = ChatCompletionChunk(
      id: "i",
      created: 1,
      model: "m",
      choices: [.init(delta: .init(content: "x"))]
    )
    written.choices[0].delta.toolCalls = [
      ToolCall(index: 0, id: "c", function: .init(name: "f", arguments: ""))
    ]
    #expect(
      try roundTrip(written)
        == #"{"choices":[{"delta":{"content":"x","tool_calls":[{"function":{"arguments":"","#
        + #""name":"f"},"id":"c","index":0,"type":"function"}]},"index":0}],"created":1,"id":"i","#
        + #""model":"m","object":"chat.completion.chunk"}"#
    )
  }

  @Test func `completions are written and read`() throws {
    let request = try decode(
      CompletionRequest.self,
      #"{"model":"m","prompt":["a","b"],"max_tokens":3,"stop":"x"}"#
    )
    #expect(request.prompt == .many(["a", "b"]))
    #expect(request.stop == .one("x"))
    #expect(request.maxTokens == 3)
    #expect(
      try roundTrip(CompletionRequest(model: "m", prompt: "p")) == #"{"model":"m","prompt":"p"}"#
    )
    let response = CompletionResponse(
      id: "i",
      created: 1,
      model: "m",
      choices: [.init(text: "t", finishReason: "length")]
    )
    #expect(
      try roundTrip(response)
        == #"{"choices":[{"finish_reason":"length","index":0,"text":"t"}],"created":1,"id":"i","#
        + #""model":"m","object":"text_completion"}"#
    )
  }

  @Test func `embedding inputs are read in all four forms`() throws {
    func input(_ json: String) throws -> EmbeddingRequest.Input {
      try decode(EmbeddingRequest.self, "{\"model\":\"m\",\"input\":\(json)}").input
    }
    #expect(try input("\"a\"") == .texts(.one("a")))
    #expect(try input("[\"a\",\"b\"]") == .texts(.many(["a", "b"])))
    #expect(try input("[1,2]") == .tokens(.one([1, 2])))
    #expect(try input("[[1],[2,3]]") == .tokens(.many([[1], [2, 3]])))
    #expect(throws: DecodingError.self) { try input("{}") }
    let request = EmbeddingRequest(
      model: "m",
      input: .tokens(.many([[1]])),
      encodingFormat: "float"
    )
    #expect(
      try roundTrip(request) == #"{"encoding_format":"float","input":[[1]],"model":"m"}"#
    )
  }

  @Test func `embeddings are written and read as numbers or text`() throws {
    let response = EmbeddingResponse(
      model: "m",
      data: [
        .init(index: 0, embedding: .floats([0.5, -1])),
        .init(index: 1, embedding: .base64("AAAAAA==")),
      ],
      usage: TokenUsage(promptTokens: 2)
    )
    #expect(
      try roundTrip(response)
        == #"{"data":[{"embedding":[0.5,-1],"index":0,"object":"embedding"},"#
        + #"{"embedding":"AAAAAA==","index":1,"object":"embedding"}],"model":"m","#
        + #""object":"list","usage":{"prompt_tokens":2,"total_tokens":2}}"#
    )
  }

  @Test func `a model list is read though fields are missing or unknown`() throws {
    let list = try decode(
      ModelList.self,
      #"{"object":"list","models":[],"data":[{"id":"a","object":"model","created":1,"#
        + #""owned_by":"vllm","max_model_len":512},{"id":"b"}]}"#
    )
    #expect(list.data == [Model(id: "a", created: 1, ownedBy: "vllm"), Model(id: "b")])
    #expect(
      try roundTrip(list)
        == #"{"data":[{"created":1,"id":"a","object":"model","owned_by":"vllm"},"#
        + #"{"id":"b","object":"model"}],"object":"list"}"#
    )
    #expect(throws: DecodingError.self) { try decode(Model.self, "{\"object\":\"model\"}") }
  }

  @Test func `errors are read with codes of both kinds`() throws {
    let vllm = try decode(
      APIError.self,
      #"{"error":{"message":"x","type":"BadRequestError","param":"input_text","code":400}}"#
    )
    #expect(vllm.error.code == .number(400))
    #expect(vllm.error.param == "input_text")
    let ours = APIError(
      message: "x",
      type: "invalid_request_error",
      param: "model",
      code: .name("model_not_found")
    )
    #expect(
      try roundTrip(ours)
        == #"{"error":{"code":"model_not_found","message":"x","param":"model","#
        + #""type":"invalid_request_error"}}"#
    )
    let bare = try decode(APIError.self, #"{"error":{"message":"x"}}"#)
    #expect(bare == APIError(message: "x", type: nil))
  }

  @Test func `any JSON value survives`() throws {
    let json = #"{"a":[null,true,1,1.5,"x",{}],"b":-9223372036854775808}"#
    let value = try decode(JSONValue.self, json)
    #expect(
      value
        == .object([
          "a": .array([
            .null, .bool(true), .integer(1), .number(1.5), .string("x"), .object([:]),
          ]),
          "b": .integer(.min),
        ])
    )
    #expect(try roundTrip(value) == json)
  }
}
