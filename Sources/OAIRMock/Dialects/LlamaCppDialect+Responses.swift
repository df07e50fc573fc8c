import OAIRWire

extension LlamaCppDialect {
  /// A response in one piece.
  func response(_ completion: Completion) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("completed_at", completion.created)
      writer.member("created_at", completion.created)
      writer.member("id", completion.id)
      writer.member("model", completion.model)
      writer.member("object", "response")
      writer.array("output") { writer in
        writer.object { writer in
          Self.writeContent(completion, to: &writer)
          writer.member("id", completion.itemID)
          writer.member("role", "assistant")
          writer.member("status", "completed")
          writer.member("type", "message")
        }
      }
      writer.member("status", "completed")
      Self.writeResponseUsage(completion, to: &writer)
    }
  }

  /// A response as events, which have no numbers here.
  func responseScript(_ completion: Completion) -> EventScript {
    let type = "response.output_text.delta"
    let delta = EventTemplate(.event(type)) { text in
      JSONWriter.object { writer in
        writer.member("type", type)
        writer.member("item_id", completion.itemID)
        writer.key("delta")
        text(&writer)
      }
    }
    return EventScript(
      opening: [
        Self.begun("response.created", completion), Self.begun("response.in_progress", completion),
        Self.event("response.output_item.added") { writer in
          writer.object("item") { writer in
            writer.array("content") { _ in }
            writer.member("id", completion.itemID)
            writer.member("role", "assistant")
            writer.member("status", "in_progress")
            writer.member("type", "message")
          }
        },
        Self.event("response.content_part.added") { writer in
          writer.member("item_id", completion.itemID)
          writer.object("part") { writer in
            writer.member("type", "output_text")
            writer.member("text", "")
          }
        },
      ],
      token: delta,
      tokenCount: completion.tokenCount,
      closing: Self.responseClosing(completion),
      failure: [Self.failureEvent]
    )
  }

  private static func responseClosing(_ completion: Completion) -> [[UInt8]] {
    [
      event("response.output_text.done") { writer in
        writer.member("item_id", completion.itemID)
        writer.member("text", completion.text)
      },
      event("response.content_part.done") { writer in
        writer.member("item_id", completion.itemID)
        writer.object("part") { writePart(completion, to: &$0) }
      },
      event("response.output_item.done") { writer in
        writer.object("item") { writeItem(completion, to: &$0) }
      },
      event("response.completed") { writer in
        writer.object("response") { writer in
          writer.member("id", completion.id)
          writer.member("object", "response")
          writer.member("created_at", completion.created)
          writer.member("status", "completed")
          writer.member("model", completion.model)
          writer.array("output") { writer in writer.object { writeItem(completion, to: &$0) } }
          writeResponseUsage(completion, to: &writer)
        }
        writeTimings(completion, to: &writer)
      },
    ]
  }

  private static func event(
    _ type: String,
    _ members: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    EventScript.event(type) { writer in
      writer.member("type", type)
      members(&writer)
    }
  }

  private static func begun(_ type: String, _ completion: Completion) -> [UInt8] {
    event(type) { writer in
      writer.object("response") { writer in
        writer.member("id", completion.id)
        writer.member("object", "response")
        writer.member("status", "in_progress")
      }
    }
  }

  private static func writePart(_ completion: Completion, to writer: inout JSONWriter) {
    writer.member("type", "output_text")
    writer.array("annotations") { _ in }
    writer.array("logprobs") { _ in }
    writer.member("text", completion.text)
  }

  private static func writeContent(_ completion: Completion, to writer: inout JSONWriter) {
    writer.array("content") { writer in writer.object { writePart(completion, to: &$0) } }
  }

  private static func writeItem(_ completion: Completion, to writer: inout JSONWriter) {
    writer.member("type", "message")
    writer.member("status", "completed")
    writer.member("id", completion.itemID)
    writeContent(completion, to: &writer)
    writer.member("role", "assistant")
  }

  private static func writeResponseUsage(
    _ completion: Completion,
    to writer: inout JSONWriter
  ) {
    writer.object("usage") { writer in
      writer.member("input_tokens", completion.promptTokens)
      writer.member("output_tokens", completion.tokenCount)
      writer.member("total_tokens", completion.totalTokens)
      writer.object("input_tokens_details") { $0.member("cached_tokens", 0) }
    }
  }
}
