import OAIRWire

extension VLLMDialect {
  /// A response in one piece.
  func response(_ completion: Completion) -> [UInt8] {
    JSONWriter.object { Self.write(completion, isOver: true, to: &$0) }
  }

  /// A response as events; the last is `response.completed` even where the status is `incomplete`.
  func responseScript(_ completion: Completion) -> EventScript {
    let count = completion.tokenCount
    let type = "response.output_text.delta"
    let delta = EventTemplate(.event(type), firstNumber: 4) { text, number in
      JSONWriter.object { writer in
        writer.member("content_index", 0)
        writer.key("delta")
        text(&writer)
        writer.member("item_id", completion.itemID)
        writer.array("logprobs") { _ in }
        writer.member("output_index", 0)
        writer.key("sequence_number")
        number(&writer)
        writer.member("type", type)
      }
    }
    return EventScript(
      opening: [
        Self.whole("response.created", 0, completion, isOver: false),
        Self.whole("response.in_progress", 1, completion, isOver: false),
        Self.itemEvent("response.output_item.added", 2, completion, isOver: false),
        Self.partEvent("response.content_part.added", 3, completion, isOver: false),
      ],
      token: delta,
      tokenCount: count,
      closing: [
        Self.textEvent(count + 4, completion),
        Self.partEvent("response.content_part.done", count + 5, completion, isOver: true),
        Self.itemEvent("response.output_item.done", count + 6, completion, isOver: true),
        Self.whole("response.completed", count + 7, completion, isOver: true),
      ],
      failure: [
        EventScript.event("error") { writer in
          writer.member("code", "server_error")
          writer.member("message", Self.failureMessage)
          writer.nulls("param")
          writer.member("sequence_number", 4)
          writer.member("type", "error")
        }
      ]
    )
  }

  private static func event(
    _ type: String,
    _ members: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    EventScript.event(type) { writer in
      members(&writer)
      writer.member("type", type)
    }
  }

  private static func whole(
    _ type: String,
    _ number: Int,
    _ completion: Completion,
    isOver: Bool
  ) -> [UInt8] {
    event(type) { writer in
      writer.object("response") { write(completion, isOver: isOver, to: &$0) }
      writer.member("sequence_number", number)
    }
  }

  private static func itemEvent(
    _ type: String,
    _ number: Int,
    _ completion: Completion,
    isOver: Bool
  ) -> [UInt8] {
    event(type) { writer in
      writer.object("item") { writeItem(completion, isOver: isOver, to: &$0) }
      writer.member("output_index", 0)
      writer.member("sequence_number", number)
    }
  }

  private static func partEvent(
    _ type: String,
    _ number: Int,
    _ completion: Completion,
    isOver: Bool
  ) -> [UInt8] {
    event(type) { writer in
      writer.member("content_index", 0)
      writer.member("item_id", completion.itemID)
      writer.member("output_index", 0)
      writer.object("part") { writer in
        writer.array("annotations") { _ in }
        writer.member("text", isOver ? completion.text : "")
        writer.member("type", "output_text")
        if isOver { writer.nulls("logprobs") } else { writer.array("logprobs") { _ in } }
      }
      writer.member("sequence_number", number)
    }
  }

  private static func textEvent(_ number: Int, _ completion: Completion) -> [UInt8] {
    event("response.output_text.done") { writer in
      writer.member("content_index", 0)
      writer.member("item_id", completion.itemID)
      writer.array("logprobs") { _ in }
      writer.member("output_index", 0)
      writer.member("sequence_number", number)
      writer.member("text", completion.text)
    }
  }

  private static func writeItem(
    _ completion: Completion,
    isOver: Bool,
    to writer: inout JSONWriter
  ) {
    writer.member("id", completion.itemID)
    writer.array("content") { writer in
      guard isOver else { return }
      writer.object { writer in
        writer.array("annotations") { _ in }
        writer.member("text", completion.text)
        writer.member("type", "output_text")
        writer.nulls("logprobs")
      }
    }
    writer.member("role", "assistant")
    writer.member("status", isOver ? "completed" : "in_progress")
    writer.member("type", "message")
    writer.nulls("phase")
  }

  private static func write(
    _ completion: Completion,
    isOver: Bool,
    to writer: inout JSONWriter
  ) {
    writer.member("id", completion.id)
    writer.member("created_at", completion.created)
    if isOver, completion.isCutShort {
      writer.object("incomplete_details") { $0.member("reason", "max_output_tokens") }
    } else {
      writer.nulls("incomplete_details")
    }
    writer.nulls("instructions", "metadata")
    writer.member("model", completion.model)
    writer.member("object", "response")
    writer.array("output") { writer in
      if isOver { writer.object { writeItem(completion, isOver: true, to: &$0) } }
    }
    writer.member("parallel_tool_calls", true)
    writer.member("temperature", 1.0)
    writer.member("tool_choice", "none")
    writer.array("tools") { _ in }
    writer.member("top_p", 1.0)
    writer.member("background", false)
    writer.member("max_output_tokens", completion.maximumTokens ?? 8192)
    writer.nulls("max_tool_calls", "previous_response_id", "prompt", "reasoning")
    writer.member("service_tier", "auto")
    let status = completion.isCutShort ? "incomplete" : "completed"
    writer.member("status", isOver ? status : "in_progress")
    writer.nulls("text", "top_logprobs")
    writer.member("truncation", "disabled")
    if isOver {
      writer.object("usage") { writeResponseUsage(completion, to: &$0) }
    } else {
      writer.nulls("usage")
    }
    writer.nulls("user")
    writer.member("presence_penalty", 0.0)
    writer.member("frequency_penalty", 0.0)
    writer.nulls("kv_transfer_params", "ec_transfer_params", "input_messages", "output_messages")
  }

  private static func writeResponseUsage(
    _ completion: Completion,
    to writer: inout JSONWriter
  ) {
    writer.member("input_tokens", completion.promptTokens)
    writer.object("input_tokens_details") { writer in
      writer.member("cached_tokens", 0)
      writer.member("cache_write_tokens", 0)
      writer.array("input_tokens_per_turn") { _ in }
      writer.array("cached_tokens_per_turn") { _ in }
    }
    writer.member("output_tokens", completion.tokenCount)
    writer.object("output_tokens_details") { writer in
      writer.member("reasoning_tokens", 0)
      writer.member("tool_output_tokens", 0)
      writer.array("output_tokens_per_turn") { _ in }
      writer.array("tool_output_tokens_per_turn") { _ in }
    }
    writer.member("total_tokens", completion.totalTokens)
  }
}
