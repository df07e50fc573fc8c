import Testing

@testable import OAIRAdmin

struct AdminResponseTests {
  private func text(_ response: AdminResponse, isClosing: Bool = false, isHead: Bool = false)
    -> String
  {
    String(decoding: response.bytes(isClosing: isClosing, isHead: isHead), as: UTF8.self)
  }

  @Test func `an answer is framed by its length`() {
    #expect(
      text(AdminResponse(200, Array("{}".utf8))) == """
        HTTP/1.1 200 OK\r
        Server: oairouter\r
        Content-Type: application/json\r
        Content-Length: 2\r
        Cache-Control: no-store\r
        \r
        {}
        """
    )
  }

  @Test func `HEAD gets the length, not the body`() {
    let head = text(AdminResponse(200, Array("{}".utf8)), isHead: true)
    #expect(head.contains("Content-Length: 2\r\n") && head.hasSuffix("\r\n\r\n"))
  }

  @Test func `no content has no length`() {
    #expect(!text(AdminResponse(204)).contains("Content-Length"))
  }

  @Test func `a refusal says what would be taken`() {
    var response = AdminResponse.error(405, "method_not_allowed", "no")
    response.allow = "GET, HEAD"
    let whole = text(response, isClosing: true)
    #expect(
      whole.contains("\r\nAllow: GET, HEAD\r\n") && whole.contains("\r\nConnection: close\r\n")
    )
    #expect(text(.error(401, "invalid_api_key", "no")).contains("\r\nWWW-Authenticate: Bearer\r\n"))
  }

  @Test(arguments: [
    (400, "invalid_request_error"), (401, "authentication_error"), (404, "invalid_request_error"),
    (500, "server_error"), (503, "service_unavailable_error"), (504, "service_unavailable_error"),
  ])
  func `errors have the type of their status`(status: Int, type: String) {
    #expect(text(.error(status, "code", "no")).contains("\"type\":\"\(type)\""))
  }
}
