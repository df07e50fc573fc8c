import Testing

@testable import OAIRMock

struct AnthropicErrorTests {
  @Test(arguments: [
    (400, "invalid_request_error"), (401, "authentication_error"), (403, "permission_error"),
    (404, "not_found_error"), (429, "rate_limit_error"), (500, "api_error"),
    (503, "overloaded_error"), (529, "overloaded_error"),
  ])
  func `the type follows from the status`(status: Int, type: String) {
    #expect(
      text(AnthropicError.body(status, "No."))
        == #"{"type":"error","error":{"type":"\#(type)","message":"No."}}"#
    )
  }

  @Test
  func `a request's id stands beside the error`() {
    #expect(text(AnthropicError.body(500, "x", requestID: "r")).hasSuffix(#"},"request_id":"r"}"#))
  }

  @Test
  func `an event carries its type twice`() {
    #expect(
      text(AnthropicError.event("api_error", "x"))
        == "event: error\ndata: "
        + #"{"type":"error","error":{"type":"api_error","message":"x"}}"# + "\n\n"
    )
  }
}
