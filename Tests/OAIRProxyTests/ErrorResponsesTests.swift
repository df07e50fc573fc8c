import Glibc
import OAIRWire
import Testing

@testable import OAIRProxy

struct ErrorResponsesTests {
  @Test(arguments: GatewayError.Kind.allCases)
  func `each error is a status, a code and a text in the shape that SDKs read`(
    kind: GatewayError.Kind
  ) {
    let response = ErrorResponse(GatewayError(kind, "detail", advice: "advice"))
    #expect((400...599).contains(response.status))
    #expect(response.message.count > 20)
    #expect((response.retryAfter ?? 1) <= 60)
    let body = String(decoding: response.body(.openAI), as: UTF8.self)
    #expect(body.hasPrefix("{\"error\":{\"message\":"))
    #expect(body.contains("\"code\":\"\(response.code.text)\""))
  }

  @Test func `docs name every code`() throws {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try #require(fopen("/\(root)/docs/ERRORS.md", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    for kind in GatewayError.Kind.allCases {
      let code = ErrorResponse(GatewayError(kind)).code.text
      #expect(text.contains("| `\(code)` |"), "docs/ERRORS.md doesn't name \(code)")
    }
  }
}
