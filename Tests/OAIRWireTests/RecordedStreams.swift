/// Excerpts of what engines sent (llama.cpp and vLLM 0.32, recorded; Ollama from its API
/// reference), ids shortened.
enum RecordedStreams {
  private static func data(_ json: String) -> String { "data: \(json)\n\n" }

  static let llamaChatRole = data(
    #"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"#
      + #""created":1795332060,"id":"chatcmpl-9U","model":"gemma-3-270m","#
      + #""object":"chat.completion.chunk"}"#
  )

  static let llamaChatText = data(
    #"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"say"}}],"#
      + #""created":1795332060,"id":"chatcmpl-9U","model":"gemma-3-270m","#
      + #""object":"chat.completion.chunk"}"#
  )

  static let llamaChatEnd =
    data(
      #"{"choices":[{"finish_reason":"length","index":0,"delta":{}}],"created":1795332060,"#
        + #""id":"chatcmpl-9U","object":"chat.completion.chunk"}"#
    )
    + data(
      #"{"choices":[],"created":1795332060,"id":"chatcmpl-9U","usage":{"completion_tokens":4,"#
        + #""prompt_tokens":26,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":21}},"#
        + #""timings":{"cache_n":21,"prompt_n":5}}"#
    )
    + data("[DONE]")

  static let vllmChatRole = data(
    #"{"id":"chatcmpl-84","object":"chat.completion.chunk","created":1795332343,"model":"tiny","#
      + #""choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"#
      + #""finish_reason":null}],"usage":{"prompt_tokens":5,"total_tokens":5,"#
      + #""completion_tokens":0,"completion_tokens_details":null},"prompt_token_ids":null}"#
  )

  static let vllmChatText = data(
    #"{"id":"chatcmpl-84","object":"chat.completion.chunk","created":1795332343,"model":"tiny","#
      + #""choices":[{"index":0,"delta":{"content":"$"},"logprobs":null,"finish_reason":null,"#
      + #""token_ids":null}],"usage":{"prompt_tokens":5,"total_tokens":6,"completion_tokens":1,"#
      + #""completion_tokens_details":null}}"#
  )

  static let vllmDeath =
    data(
      #"{"error": {"message": "EngineCore encountered an issue. See stack trace (above) for the "#
        + #"root cause.", "type": "InternalServerError", "param": null, "code": 500}}"#
    )
    + data("[DONE]")

  static let vllmCompletionEmpty = data(
    #"{"id":"cmpl-81","object":"text_completion","created":1795332343,"model":"tiny","#
      + #""choices":[{"index":0,"text":"","logprobs":null,"finish_reason":null,"#
      + #""stop_reason":null,"prompt_token_ids":null,"token_ids":null}]}"#
  )

  static let llamaCompletionText = data(
    #"{"choices":[{"text":"4","index":0,"logprobs":null,"finish_reason":null}],"#
      + #""created":1795332060,"object":"text_completion"}"#
  )

  static let messagesStart =
    "event: message_start\n"
    + data(
      #"{"type":"message_start","message":{"id":"chatcmpl-cv","type":"message","#
        + #""role":"assistant","content":[],"model":"gemma-3-270m","stop_reason":null,"#
        + #""usage":{"cache_read_input_tokens":20,"input_tokens":5,"output_tokens":0}}}"#
    )
    + "event: content_block_start\n"
    + data(
      #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#
    )

  static let messagesDelta =
    "event: content_block_delta\n"
    + data(
      #"{"type":"content_block_delta","delta":{"type":"text_delta","text":" br"},"index":0}"#
    )

  static let messagesEnd =
    "event: content_block_stop\n" + data(#"{"type":"content_block_stop","index":0}"#)
    + "event: message_delta\n"
    + data(
      #"{"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"#
        + #""usage":{"output_tokens":4}}"#
    )
    + "event: message_stop\n" + data(#"{"type":"message_stop"}"#)

  static let responsesStart =
    "event: response.created\n"
    + data(
      #"{"response":{"id":"resp_93","model":"tiny","object":"response","output":[],"#
        + #""status":"in_progress","usage":null},"sequence_number":0,"type":"response.created"}"#
    )
    + "event: response.in_progress\n"
    + data(
      #"{"type":"response.in_progress","response":{"id":"resp_gQ","object":"response","#
        + #""status":"in_progress"}}"#
    )

  static let responsesEnd =
    "event: response.output_text.delta\n"
    + data(
      #"{"content_index":0,"delta":"\f","item_id":"msg_85","logprobs":[],"output_index":0,"#
        + #""sequence_number":4,"type":"response.output_text.delta"}"#
    )
    + "event: response.completed\n"
    + data(
      #"{"response":{"id":"resp_93","status":"incomplete","usage":{"input_tokens":4,"#
        + #""input_tokens_details":{"cached_tokens":0},"output_tokens":4,"total_tokens":8}},"#
        + #""sequence_number":9,"type":"response.completed"}"#
    )

  static let ollamaText =
    #"{"model":"llama3.2","created_at":"2023-08-04T08:52:19.385406455-07:00","#
    + #""message":{"role":"assistant","content":"The"},"done":false}"# + "\n"

  static let ollamaEnd =
    #"{"model":"llama3.2","created_at":"2023-08-04T19:22:45.499127Z","#
    + #""message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"#
    + #""total_duration":4883583458,"prompt_eval_count":26,"eval_count":298}"# + "\n"
}
