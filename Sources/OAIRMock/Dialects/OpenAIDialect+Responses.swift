import OAIRWire

extension OpenAIDialect {
  /// A response in one piece.
  func response(_ completion: Completion) -> [UInt8] {
    JSONWriter.object { Self.write(completion, isOver: true, to: &$0) }
  }

  /// A response as events, each of which has its number.
  func responseScript(_ completion: Completion) -> EventScript {
    let isIncomplete = completion.isCutShort
    let end = isIncomplete ? "response.incomplete" : "response.completed"
    let count = completion.tokenCount
    let failure = EventScript.event("error") { writer in
      Self.writeType("error", 4, to: &writer)
      writer.member("code", "server_error")
      writer.member("message", Self.failureMessage)
      writer.nulls("param")
    }
    return EventScript(
      opening: [
        Self.whole("response.created", 0, completion, isOver: false),
        Self.whole("response.in_progress", 1, completion, isOver: false),
        Self.itemEvent("response.output_item.added", 2, completion, isOver: false),
        Self.partEvent("response.content_part.added", 3, completion, isOver: false),
      ],
      token: Self.delta(completion),
      tokenCount: count,
      closing: [
        Self.textEvent(count + 4, completion),
        Self.partEvent("response.content_part.done", count + 5, completion, isOver: true),
        Self.itemEvent("response.output_item.done", count + 6, completion, isOver: true),
        Self.whole(end, count + 7, completion, isOver: true),
      ],
      failure: [failure]
    )
  }

  private static func delta(_ completion: Completion) -> EventTemplate {
    let type = "response.output_text.delta"
    return EventTemplate(.event(type), firstNumber: 4) { text, number in
      JSONWriter.object { writer in
        writer.member("type", type)
        writer.key("sequence_number")
        number(&writer)
        writePlace(completion, to: &writer)
        writer.key("delta")
        text(&writer)
        writer.array("logprobs") { _ in }
      }
    }
  }

  private static func whole(
    _ type: String,
    _ number: Int,
    _ completion: Completion,
    isOver: Bool
  ) -> [UInt8] {
    EventScript.event(type) { writer in
      writeType(type, number, to: &writer)
      writer.object("response") { write(completion, isOver: isOver, to: &$0) }
    }
  }

  private static func itemEvent(
    _ type: String,
    _ number: Int,
    _ completion: Completion,
    isOver: Bool
  ) -> [UInt8] {
    EventScript.event(type) { writer in
      writeType(type, number, to: &writer)
      writer.member("output_index", 0)
      writer.object("item") { writeItem(completion, isOver: isOver, to: &$0) }
    }
  }

  private static func partEvent(
    _ type: String,
    _ number: Int,
    _ completion: Completion,
    isOver: Bool
  ) -> [UInt8] {
    EventScript.event(type) { writer in
      writeType(type, number, to: &writer)
      writePlace(completion, to: &writer)
      writer.object("part") { writePart(isOver ? completion.text : "", to: &$0) }
    }
  }

  private static func textEvent(_ number: Int, _ completion: Completion) -> [UInt8] {
    let type = "response.output_text.done"
    return EventScript.event(type) { writer in
      writeType(type, number, to: &writer)
      writePlace(completion, to: &writer)
      writer.member("text", completion.text)
      writer.array("logprobs") { _ in }
    }
  }

  private static func writeType(_ type: String, _ number: Int, to writer: inout JSONWriter) {
    writer.member("type", type)
    writer.member("sequence_number", number)
  }

  private static func writePlace(_ completion: Completion, to writer: inout JSONWriter) {
    writer.member("item_id", completion.itemID)
    writer.member("output_index", 0)
    writer.member("content_index", 0)
  }

  private static func writePart(_ text: String, to writer: inout JSONWriter) {
    writer.member("type", "output_text")
    writer.array("annotations") { _ in }
    writer.array("logprobs") { _ in }
    writer.member("text", text)
  }

  private static func writeItem(
    _ completion: Completion,
    isOver: Bool,
    to writer: inout JSONWriter
  ) {
    writer.member("id", completion.itemID)
    writer.member("type", "message")
    let status = completion.isCutShort ? "incomplete" : "completed"
    writer.member("status", isOver ? status : "in_progress")
    writer.array("content") { writer in
      if isOver { writer.object { writePart(completion.text, to: &$0) } }
    }
    writer.member("role", "assistant")
  }

  private static func write(
    _ completion: Completion,
    isOver: Bool,
    to writer: inout JSONWriter
  ) {
    writer.member("id", completion.id)
    writer.member("object", "response")
    writer.member("created_at", completion.created)
    let status = completion.isCutShort ? "incomplete" : "completed"
    writer.member("status", isOver ? status : "in_progress")
    writer.member("background", false)
    writer.nulls("error")
    if isOver, completion.isCutShort {
      writer.object("incomplete_details") { $0.member("reason", "max_output_tokens") }
    } else {
      writer.nulls("incomplete_details")
    }
    writer.nulls("instructions")
    if let maximum = completion.maximumTokens {
      writer.member("max_output_tokens", maximum)
    } else {
      writer.nulls("max_output_tokens")
    }
    writer.nulls("max_tool_calls")
    writer.member("model", completion.model)
    writer.array("output") { writer in
      if isOver { writer.object { writeItem(completion, isOver: true, to: &$0) } }
    }
    writeSettings(to: &writer)
    if isOver {
      writer.object("usage") { writeResponseUsage(completion, to: &$0) }
    } else {
      writer.nulls("usage")
    }
    writer.nulls("user")
    writer.object("metadata") { _ in }
  }

  private static func writeSettings(to writer: inout JSONWriter) {
    writer.member("parallel_tool_calls", true)
    writer.nulls("previous_response_id", "prompt_cache_key")
    writer.object("reasoning") { $0.nulls("effort", "summary") }
    writer.nulls("safety_identifier")
    writer.member("service_tier", "default")
    writer.member("store", true)
    writer.member("temperature", 1.0)
    writer.object("text") { writer in
      writer.object("format") { $0.member("type", "text") }
      writer.member("verbosity", "medium")
    }
    writer.member("tool_choice", "auto")
    writer.array("tools") { _ in }
    writer.member("top_logprobs", 0)
    writer.member("top_p", 1.0)
    writer.member("truncation", "disabled")
  }

  private static func writeResponseUsage(
    _ completion: Completion,
    to writer: inout JSONWriter
  ) {
    writer.member("input_tokens", completion.promptTokens)
    writer.object("input_tokens_details") { $0.member("cached_tokens", 0) }
    writer.member("output_tokens", completion.tokenCount)
    writer.object("output_tokens_details") { $0.member("reasoning_tokens", 0) }
    writer.member("total_tokens", completion.totalTokens)
  }
}
