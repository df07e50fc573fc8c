import OAIRWire
import Testing

struct ResponseIDTests {
  private func find(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { ResponseID.find(in: $0) }
      .map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test(arguments: [
    #"{"id":"resp_1","object":"response"}"#,
    #"{"completed_at":1,"id" : "resp_1","output":[{"id":"msg_1"}]}"#,
    #"{"previous_response_id":"resp_0","id":"resp_1"}"#,
    "event: response.created\ndata: {\"response\":{\"id\":\"resp_1\",\"created_at\":1}}\n\n",
    "5a\r\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n\r\n",
  ])
  func `the id is found whatever comes before it`(_ text: String) {
    #expect(find(text) == "resp_1")
  }

  @Test func `the overlap of two pieces is enough for an id that is cut anywhere`() {
    let id = "resp_" + String(repeating: "7", count: 123)
    let text = Array((String(repeating: " ", count: 400) + #""id" : ""# + id + #"""#).utf8)
    let overlap = ResponseID.overlap(length: id.utf8.count)
    for cut in 400..<text.count {
      let looked = text[..<cut].suffix(overlap) + text[cut...]
      let found = Array(looked).withUnsafeBytes { bytes in
        ResponseID.find(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
      }
      #expect(found == id, "cut at \(cut)")
    }
  }

  @Test(arguments: [
    "", "\"", #"{"id":"msg_1"}"#, #"{"id":"resp_1"#, #"{"previous_response_id":"resp_0"}"#,
    #"{"text":"\"id\":\"resp_1\""}"#, #""resp_1""#, #":"resp_1""#,
  ])
  func `what isn't an id isn't taken for one`(_ text: String) { #expect(find(text) == nil) }
}
