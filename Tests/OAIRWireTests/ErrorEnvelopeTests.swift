import Testing

@testable import OAIRWire

@Suite struct ErrorEnvelopeTests {
  private func text(_ bytes: [UInt8]?) -> String? {
    bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `OpenAI's body names message, type, param and code`() {
    let full = ErrorEnvelope.body(
      .openAI,
      message: "no \"m\"",
      type: "invalid_request_error",
      code: "model_not_found",
      param: "model"
    )
    #expect(
      text(full)
        == #"{"error":{"message":"no \"m\"","type":"invalid_request_error","param":"model","#
        + #""code":"model_not_found"}}"#
    )
    let bare = ErrorEnvelope.body(
      .openAI,
      message: "x",
      type: "server_error",
      code: nil,
      param: nil
    )
    #expect(
      text(bare) == #"{"error":{"message":"x","type":"server_error","param":null,"code":null}}"#
    )
  }

  @Test func `Anthropic's body has a type of its own`() {
    let body = ErrorEnvelope.body(
      .anthropic,
      message: "x",
      type: "service_unavailable_error",
      code: "no_healthy_backend",
      param: nil
    )
    #expect(
      text(body) == #"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#
    )
  }

  @Test func `Ollama's body is its message`() {
    let body = ErrorEnvelope.body(.ollama, message: "x\n", type: "y", code: "z", param: nil)
    #expect(text(body) == #"{"error":"x\n"}"#)
  }

  @Test(arguments: [
    ("invalid_request_error", "bad_request", "invalid_request_error"),
    ("invalid_request_error", nil, "invalid_request_error"),
    ("invalid_request_error", "model_not_found", "not_found_error"),
    ("invalid_request_error", "unsupported_endpoint", "not_found_error"),
    ("invalid_request_error", "request_too_large", "request_too_large"),
    ("authentication_error", "invalid_api_key", "authentication_error"),
    ("permission_error", "model_not_allowed", "permission_error"),
    ("rate_limit_error", nil, "rate_limit_error"),
    ("service_unavailable_error", "model_loading", "overloaded_error"),
    ("server_error", "upstream_timeout", "api_error"),
    ("anything", nil, "api_error"),
  ]) func `types are mapped onto Anthropic's`(type: String, code: String?, expected: String) {
    #expect(ErrorEnvelope.anthropicType(type, code: code) == expected)
  }

  private func frame(_ family: WireFamily) -> [UInt8]? {
    ErrorEnvelope.frame(
      family,
      message: "lost",
      code: "upstream_disconnected",
      sequenceNumber: 12
    )
  }

  @Test(arguments: [WireFamily.chat, .completions])
  func `chat's frame is a data event`(family: WireFamily) {
    #expect(
      text(frame(family))
        == #"data: {"error":{"message":"lost","type":"server_error","param":null,"#
        + #""code":"upstream_disconnected"}}"# + "\n\n"
    )
  }

  @Test func `the typed families' frames are error events`() {
    #expect(
      text(frame(.responses))
        == "event: error\n"
        + #"data: {"type":"error","code":"upstream_disconnected","message":"lost","param":null,"#
        + #""sequence_number":12}"# + "\n\n"
    )
    #expect(
      text(frame(.messages))
        == "event: error\n"
        + #"data: {"type":"error","error":{"type":"api_error","message":"lost"}}"# + "\n\n"
    )
  }

  @Test func `Ollama's frame is a line`() {
    #expect(text(frame(.ollama)) == "{\"error\":\"lost\"}\n")
  }

  @Test func `an opaque stream has no frame`() {
    #expect(frame(.opaque) == nil)
  }

  @Test(arguments: [WireFamily.chat, .completions, .responses, .messages, .ollama])
  func `every frame is seen as an error, and as no end`(family: WireFamily) throws {
    let payload = try #require(frame(family))
    for isCommitted in [false, true] {
      let outcome = ObserverRun(family, payload, commitAt: isCommitted ? 0 : nil).outcome()
      #expect(outcome.hasError)
      #expect(!outcome.hasEndMarker)
      #expect(outcome.isAtBoundary)
    }
  }
}
