import OAIRWire
import Testing

@testable import OAIRMock

struct EventScriptTests {
  @Test
  func `a template takes a string where its hole is`() {
    let script = OpenAIDialect().script(.recorded(.text, id: "i", tokens: 1))
    var buffer: [UInt8] = [0x21]
    script.token.append(Array(#""x\n""#.utf8), to: &buffer)
    #expect(
      text(buffer)
        == #"!data: {"id":"i","object":"text_completion","created":1795332060,"model":"tiny","#
        + #""system_fingerprint":"fp_0ba0d124f1","choices":[{"text":"x\n","index":0,"#
        + #""logprobs":null,"finish_reason":null}]}"# + "\n\n"
    )
  }

  @Test
  func `a template counts its tokens`() {
    let template = EventTemplate(.event("x"), firstNumber: 4) { text, number in
      JSONWriter.object { writer in
        writer.key("n")
        number(&writer)
        writer.key("t")
        text(&writer)
        writer.member("end", true)
      }
    }
    var buffer: [UInt8] = []
    template.append(Array(#""a""#.utf8), number: 0, to: &buffer)
    template.append(Array(#""b""#.utf8), number: 17, to: &buffer)
    #expect(
      text(buffer)
        == "event: x\ndata: {\"n\":4,\"t\":\"a\",\"end\":true}\n\n"
        + "event: x\ndata: {\"n\":21,\"t\":\"b\",\"end\":true}\n\n"
    )
  }

  @Test
  func `a line has nothing around it`() {
    var buffer: [UInt8] = []
    EventTemplate(.line) { text in
      JSONWriter.object {
        $0.key("t"); text(&$0)
      }
    }
    .append(Array(#""a""#.utf8), to: &buffer)
    EventTemplate(before: [1, 2], after: [3]).append([9], to: &buffer)
    #expect(buffer == Array("{\"t\":\"a\"}\n".utf8) + [1, 2, 9, 3])
  }
}
