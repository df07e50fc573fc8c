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
}
