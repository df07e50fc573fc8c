import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRDiscovery

struct ControlRequestTests {
  private func head(_ target: String, host: String = "h:1") -> String? {
    ControlRequest(target, address: .loopback(port: 1), host: host, timeout: .seconds(1))
      .headBytes.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `a head has what a server needs and closes the connection`() {
    #expect(
      head("/x/v1/models?a=b")
        == "GET /x/v1/models?a=b HTTP/1.1\r\nHost: h:1\r\nUser-Agent: oairouter\r\n"
        + "Accept: application/json\r\nConnection: close\r\n\r\n"
    )
  }

  @Test func `a backend's own fields go with it unless they would break it`() {
    var request = ControlRequest(
      "/v1/models",
      address: .loopback(port: 1),
      host: "h",
      timeout: .seconds(1)
    )
    request.credentials = BackendCredentials(apiKey: "k", headers: ["X-Team": "a"])
    let head = request.headBytes.map { String(decoding: $0, as: UTF8.self) }
    #expect(head?.contains("\r\nAuthorization: Bearer k\r\nX-Team: a\r\n") == true)
    request.credentials.headers["X-Team"] = "a\r\nX: y"
    #expect(
      request.headBytes.map { String(decoding: $0, as: UTF8.self) }?.contains("X: y") == false
    )
  }

  @Test(arguments: ["", "v1", "/a b", "/a\r\nX: y", "/é", "/\u{7f}"])
  func `a target that could break the head is refused`(target: String) {
    #expect(head(target) == nil)
    #expect(head("/", host: "h" + target.dropFirst() + "\n") == nil)
  }
}
