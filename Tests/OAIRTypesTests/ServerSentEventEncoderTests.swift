import OAIRTypes
import Testing

@Suite struct ServerSentEventEncoderTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `an event is its data and a blank line`() {
    #expect(text(ServerSentEventEncoder.event(data: "{}")) == "data: {}\n\n")
    #expect(text(ServerSentEventEncoder.event(data: "")) == "data: \n\n")
    #expect(text(ServerSentEventEncoder.done) == "data: [DONE]\n\n")
  }

  @Test func `type and id come before the data`() {
    let event = ServerSentEventEncoder.event(data: "x", event: "ping", id: "7")
    #expect(text(event) == "event: ping\nid: 7\ndata: x\n\n")
  }

  @Test(arguments: ["a\nb", "a\r\nb", "a\rb"])
  func `each line of the data is a field of its own`(data: String) {
    #expect(text(ServerSentEventEncoder.event(data: data)) == "data: a\ndata: b\n\n")
  }

  @Test func `a line end at the end makes an empty last line`() {
    #expect(text(ServerSentEventEncoder.event(data: "a\n")) == "data: a\ndata: \n\n")
    #expect(text(ServerSentEventEncoder.event(data: "a\r\n")) == "data: a\ndata: \n\n")
  }

  @Test func `a comment is no event`() {
    #expect(text(ServerSentEventEncoder.comment("keep-alive")) == ": keep-alive\n\n")
  }
}
