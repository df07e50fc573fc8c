import Testing

@testable import OAIRMock

/// Compared with what llama-server sent, its ids, times and words replaced by ours.
struct LlamaCppResponsesTests {
  private let dialect = LlamaCppDialect()

  private var completion: Completion {
    var completion = Completion.recorded(.response, id: "resp_cE", tokens: 2)
    completion.itemID = "msg_k9"
    return completion
  }

  private let content =
    #""content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"The quick"}]"#
  private let usage =
    #""usage":{"input_tokens":5,"output_tokens":2,"total_tokens":7,"#
    + #""input_tokens_details":{"cached_tokens":0}}"#

  @Test
  func `a response has the recorded bytes`() {
    #expect(
      text(dialect.document(completion))
        == #"{"completed_at":1795332060,"created_at":1795332060,"id":"resp_cE","model":"tiny","#
        + #""object":"response","output":[{\#(content),"id":"msg_k9","role":"assistant","#
        + #""status":"completed","type":"message"}],"status":"completed",\#(usage)}"#
    )
  }

  @Test
  func `a streamed response has the recorded bytes, without numbers`() {
    let begun = #""response":{"id":"resp_cE","object":"response","status":"in_progress"}}"#
    let item =
      #"{"type":"message","status":"completed","id":"msg_k9",\#(content),"role":"assistant"}"#
    let expected = [
      ("created", begun), ("in_progress", begun),
      (
        "output_item.added",
        #""item":{"content":[],"id":"msg_k9","role":"assistant","status":"in_progress","#
          + #""type":"message"}}"#
      ),
      ("content_part.added", #""item_id":"msg_k9","part":{"type":"output_text","text":""}}"#),
      ("output_text.delta", #""item_id":"msg_k9","delta":"The"}"#),
      ("output_text.delta", #""item_id":"msg_k9","delta":" quick"}"#),
      ("output_text.done", #""item_id":"msg_k9","text":"The quick"}"#),
      (
        "content_part.done",
        #""item_id":"msg_k9","part":{"type":"output_text","annotations":[],"logprobs":[],"#
          + #""text":"The quick"}}"#
      ),
      ("output_item.done", #""item":\#(item)}"#),
      (
        "completed",
        #""response":{"id":"resp_cE","object":"response","created_at":1795332060,"#
          + #""status":"completed","model":"tiny","output":[\#(item)],\#(usage)},"timings":{"#
      ),
    ]
    let found = dialect.script(completion).texts
    #expect(found.count == expected.count)
    for ((name, rest), event) in zip(expected, found) {
      let type = "response.\(name)"
      let start = "event: \(type)\ndata: {\"type\":\"\(type)\",\(rest)"
      #expect(name == "completed" ? event.hasPrefix(start) : event == start + "\n\n")
    }
  }
}
