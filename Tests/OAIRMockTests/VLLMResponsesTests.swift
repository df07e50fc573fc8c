import Testing

@testable import OAIRMock

/// Compared with what vLLM sent, its ids, times and words replaced by ours.
struct VLLMResponsesTests {
  private let dialect = VLLMDialect()

  private var completion: Completion {
    var completion = Completion.recorded(.response, id: "resp_90", tokens: 2)
    completion.itemID = "msg_b9"
    completion.maximumTokens = 2
    return completion
  }

  private let item =
    #"{"id":"msg_b9","content":[{"annotations":[],"text":"The quick","type":"output_text","#
    + #""logprobs":null}],"role":"assistant","status":"completed","type":"message","phase":null}"#

  /// What a response consists of.
  private func response(_ output: String, _ status: String, _ details: String, _ usage: String)
    -> String
  {
    #"{"id":"resp_90","created_at":1795332060,"incomplete_details":\#(details),"#
      + #""instructions":null,"metadata":null,"model":"tiny","object":"response","#
      + #""output":[\#(output)],"parallel_tool_calls":true,"temperature":1.0,"#
      + #""tool_choice":"none","tools":[],"top_p":1.0,"background":false,"#
      + #""max_output_tokens":2,"max_tool_calls":null,"previous_response_id":null,"#
      + #""prompt":null,"reasoning":null,"service_tier":"auto","status":"\#(status)","#
      + #""text":null,"top_logprobs":null,"truncation":"disabled","usage":\#(usage),"#
      + #""user":null,"presence_penalty":0.0,"frequency_penalty":0.0,"#
      + #""kv_transfer_params":null,"ec_transfer_params":null,"input_messages":null,"#
      + #""output_messages":null}"#
  }

  private var whole: String {
    response(
      item,
      "incomplete",
      #"{"reason":"max_output_tokens"}"#,
      #"{"input_tokens":5,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"#
        + #""input_tokens_per_turn":[],"cached_tokens_per_turn":[]},"output_tokens":2,"#
        + #""output_tokens_details":{"reasoning_tokens":0,"tool_output_tokens":0,"#
        + #""output_tokens_per_turn":[],"tool_output_tokens_per_turn":[]},"total_tokens":7}"#
    )
  }

  @Test
  func `a response has the recorded bytes`() {
    #expect(text(dialect.document(completion)) == whole)
  }

  @Test
  func `a streamed response has the recorded bytes`() {
    let begun = response("", "in_progress", "null", "null")
    let place = #""content_index":0,"item_id":"msg_b9","#
    let delta = #"{"content_index":0,"delta":"#
    let deltaRest = #","item_id":"msg_b9","logprobs":[],"output_index":0,"sequence_number":"#
    let expected = [
      ("created", #"{"response":\#(begun),"sequence_number":0"#),
      ("in_progress", #"{"response":\#(begun),"sequence_number":1"#),
      (
        "output_item.added",
        #"{"item":{"id":"msg_b9","content":[],"role":"assistant","status":"in_progress","#
          + #""type":"message","phase":null},"output_index":0,"sequence_number":2"#
      ),
      (
        "content_part.added",
        #"{\#(place)"output_index":0,"part":{"annotations":[],"text":"","type":"output_text","#
          + #""logprobs":[]},"sequence_number":3"#
      ),
      ("output_text.delta", #"\#(delta)"The"\#(deltaRest)4"#),
      ("output_text.delta", #"\#(delta)" quick"\#(deltaRest)5"#),
      (
        "output_text.done",
        #"{\#(place)"logprobs":[],"output_index":0,"sequence_number":6,"text":"The quick""#
      ),
      (
        "content_part.done",
        #"{\#(place)"output_index":0,"part":{"annotations":[],"text":"The quick","#
          + #""type":"output_text","logprobs":null},"sequence_number":7"#
      ),
      ("output_item.done", #"{"item":\#(item),"output_index":0,"sequence_number":8"#),
      ("completed", #"{"response":\#(whole),"sequence_number":9"#),
    ]
    let found = dialect.script(completion).texts
    #expect(found.count == expected.count)
    for ((name, start), event) in zip(expected, found) {
      let type = "response.\(name)"
      #expect(event == "event: \(type)\ndata: \(start),\"type\":\"\(type)\"}\n\n")
    }
  }
}
