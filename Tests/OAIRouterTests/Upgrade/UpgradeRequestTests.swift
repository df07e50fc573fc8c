import OAIRDiscovery
import Testing

@testable import OAIRouter

struct UpgradeRequestTests {
  private func request(_ body: String) throws -> UpgradeRequest {
    try UpgradeRequest(Array(body.utf8))
  }

  @Test func `what isn't said has its default`() throws {
    #expect(try request("") == UpgradeRequest())
    #expect(try request("{}") == UpgradeRequest())
    var wanted = UpgradeRequest()
    wanted.program = "/x y"
    #expect(try request(#"{"binary":"/x y"}"#) == wanted)
    wanted.deadline = .milliseconds(1500)
    #expect(try request(#"{"binary":"/x y","timeout_ms":1500}"#) == wanted)
  }

  @Test(arguments: [
    "[]", "{", #"{"binary":"x"}"#, #"{"binary":7}"#, #"{"binary":"/a\u0000b"}"#,
    #"{"timeout_ms":999}"#, #"{"timeout_ms":25001}"#, #"{"timeout":5}"#,
  ])
  func `what can't be is told`(body: String) {
    #expect(throws: DocumentError.self) { try request(body) }
  }
}
