import OAIRWire

extension OllamaDialect {
  /// A response in one piece, in the order of the program's structure.
  func response(_ completion: Completion) -> [UInt8] {
    Self.line { writer in
      writer.member("id", completion.id)
      writer.member("object", "response")
      writer.member("created_at", completion.created)
      writer.member("completed_at", completion.created)
      writer.member("status", "completed")
      writer.nulls("incomplete_details")
      writer.member("model", completion.model)
      writer.nulls("previous_response_id", "instructions")
      writer.array("output") { writer in
        writer.object { writer in
          writer.member("id", completion.itemID)
          writer.member("type", "message")
          writer.member("status", "completed")
          writer.member("role", "assistant")
          writer.array("content") { writer in
            writer.object { writer in
              writer.member("type", "output_text")
              writer.member("text", completion.text)
              writer.array("annotations") { _ in }
              writer.array("logprobs") { _ in }
            }
          }
        }
      }
      writer.nulls("error")
      writer.array("tools") { _ in }
      writer.member("tool_choice", "auto")
      writer.member("truncation", "disabled")
      writer.member("parallel_tool_calls", true)
      writer.object("text") { writer in writer.object("format") { $0.member("type", "text") } }
      writer.member("top_p", 1)
      for name in ["presence_penalty", "frequency_penalty", "top_logprobs"] {
        writer.member(name, 0)
      }
      writer.member("temperature", 1)
      writer.nulls("reasoning")
      writer.object("usage") { writer in
        writer.member("input_tokens", completion.promptTokens)
        writer.member("output_tokens", completion.tokenCount)
        writer.member("total_tokens", completion.totalTokens)
        writer.object("input_tokens_details") { $0.member("cached_tokens", 0) }
        writer.object("output_tokens_details") { $0.member("reasoning_tokens", 0) }
      }
      Self.writeMaximum(completion, to: &writer)
      writer.nulls("max_tool_calls")
      writer.member("store", false)
      writer.member("background", false)
      writer.member("service_tier", "default")
      writer.object("metadata") { _ in }
      writer.nulls("safety_identifier", "prompt_cache_key")
    }
  }

  private static func writeMaximum(_ completion: Completion, to writer: inout JSONWriter) {
    guard let maximum = completion.maximumTokens else { return writer.nulls("max_output_tokens") }
    writer.member("max_output_tokens", maximum)
  }

  /// A response as events, whose members stand in alphabetical order.
  func responseScript(_ completion: Completion) -> EventScript {
    let count = completion.tokenCount
    let opening = [
      Self.whole("response.created", 0, completion, isOver: false),
      Self.whole("response.in_progress", 1, completion, isOver: false),
    ]
    let end = { Self.whole("response.completed", $0, completion, isOver: true) }
    let failure: [[UInt8]] = []
    // An answer without a text has no item either.
    guard count > 0 else {
      return EventScript(
        opening: opening,
        token: Self.delta(completion),
        tokenCount: 0,
        closing: [end(2)],
        failure: failure
      )
    }
    return EventScript(
      opening: opening + [
        Self.itemEvent("response.output_item.added", 2, completion, isOver: false),
        Self.partEvent("response.content_part.added", 3, completion, isOver: false),
      ],
      token: Self.delta(completion),
      tokenCount: count,
      closing: [
        Self.event("response.output_text.done") { writer in
          writer.member("content_index", 0)
          writer.member("item_id", completion.itemID)
          writer.array("logprobs") { _ in }
          writer.member("output_index", 0)
          writer.member("sequence_number", count + 4)
          writer.member("text", completion.text)
        },
        Self.partEvent("response.content_part.done", count + 5, completion, isOver: true),
        Self.itemEvent("response.output_item.done", count + 6, completion, isOver: true),
        end(count + 7),
      ],
      failure: failure
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

  private static func delta(_ completion: Completion) -> EventTemplate {
    let type = "response.output_text.delta"
    return EventTemplate(.event(type), firstNumber: 4) { text, number in
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
      writer.object("part") { writePart(isOver ? completion.text : "", to: &$0) }
      writer.member("sequence_number", number)
    }
  }

  private static func writePart(_ text: String, to writer: inout JSONWriter) {
    writer.array("annotations") { _ in }
    writer.array("logprobs") { _ in }
    writer.member("text", text)
    writer.member("type", "output_text")
  }

  private static func writeItem(
    _ completion: Completion,
    isOver: Bool,
    to writer: inout JSONWriter
  ) {
    writer.array("content") { writer in
      if isOver { writer.object { writePart(completion.text, to: &$0) } }
    }
    writer.member("id", completion.itemID)
    writer.member("role", "assistant")
    writer.member("status", isOver ? "completed" : "in_progress")
    writer.member("type", "message")
  }

  private static func write(
    _ completion: Completion,
    isOver: Bool,
    to writer: inout JSONWriter
  ) {
    writer.member("background", false)
    if isOver {
      writer.member("completed_at", completion.created)
    } else {
      writer.nulls("completed_at")
    }
    writer.member("created_at", completion.created)
    writer.nulls("error")
    writer.member("frequency_penalty", 0)
    writer.member("id", completion.id)
    writer.nulls("incomplete_details", "instructions")
    writeMaximum(completion, to: &writer)
    writer.nulls("max_tool_calls")
    writer.object("metadata") { _ in }
    writer.member("model", completion.model)
    writer.member("object", "response")
    writer.array("output") { writer in
      guard isOver, completion.tokenCount > 0 else { return }
      writer.object { writeItem(completion, isOver: true, to: &$0) }
    }
    writer.member("parallel_tool_calls", true)
    writer.member("presence_penalty", 0)
    writer.nulls("previous_response_id", "prompt_cache_key", "reasoning", "safety_identifier")
    writer.member("service_tier", "default")
    writer.member("status", isOver ? "completed" : "in_progress")
    writer.member("store", false)
    writer.member("temperature", 1)
    writer.object("text") { writer in writer.object("format") { $0.member("type", "text") } }
    writer.member("tool_choice", "auto")
    writer.array("tools") { _ in }
    writer.member("top_logprobs", 0)
    writer.member("top_p", 1)
    writer.member("truncation", "disabled")
    guard isOver else { return writer.nulls("usage") }
    writer.object("usage") { writer in
      writer.member("input_tokens", completion.promptTokens)
      writer.object("input_tokens_details") { $0.member("cached_tokens", 0) }
      writer.member("output_tokens", completion.tokenCount)
      writer.object("output_tokens_details") { $0.member("reasoning_tokens", 0) }
      writer.member("total_tokens", completion.totalTokens)
    }
  }
}
