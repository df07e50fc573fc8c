import OAIRWire
import Testing

struct ErrorTextTests {
  private func read(_ body: String) -> ErrorText {
    Array(body.utf8).withUnsafeBytes { ErrorText($0) }
  }

  @Test(arguments: [
    (#"{"error":{"message":"too \"long\"","type":"t","code":400}}"#, #"too "long""#, ""),
    (#"{"error":{"code":"not_found","message":"none","x":{"message":"y"}}}"#, "none", "not_found"),
    (#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#, "busy", ""),
    (#"{"error":"model 'x' not found"}"#, "model 'x' not found", ""),
    (#"{"object":"error","message":"flat","code":400}"#, "flat", ""),
    (#"{"detail":"Not Found"}"#, "Not Found", ""),
    (#"{"message":"outer","error":{"message":"inner"}}"#, "inner", ""),
    (#"{"detail":[{"msg":"x"}]}"#, "", ""),
    ("upstream connect error\nmore", "upstream connect error", ""),
    ("<html>502</html>", "", ""), ("", "", ""), ("  ", "", ""), ("{", "", ""),
    (#"{"error":{"message":"cut","type":"#, "cut", ""),
    (#"{"error":{"message":"cu"#, "", ""),
  ])
  func `what each shape says`(_ body: String, _ message: String, _ code: String) {
    let text = read(body)
    #expect(text.message == message)
    #expect(text.code == code)
  }

  @Test func `a long message is cut, wherever its bytes end`() {
    for body in [
      #"{"error":"\#(String(repeating: "é", count: 2000))"}"#, String(repeating: "x", count: 5000),
    ] {
      let message = read(body).message
      #expect(message.utf8.count <= ErrorText.messageLimit + 3)
      #expect(message.utf8.count > ErrorText.messageLimit - 4 && message.hasSuffix("…"))
    }
  }
}
