import OAIRWire

extension OllamaDialect {
  /// A message in one piece.
  func message(_ completion: Completion) -> [UInt8] {
    Self.line { writer in
      writer.member("id", completion.id)
      writer.member("type", "message")
      writer.member("role", "assistant")
      writer.member("model", completion.model)
      writer.array("content") { writer in
        guard completion.tokenCount > 0 else { return }
        writer.object { writer in
          writer.member("type", "text")
          writer.member("text", completion.text)
        }
      }
      writer.member("stop_reason", completion.stopReason)
      writer.object("usage") { Self.writeCounts(completion, completion.tokenCount, to: &$0) }
    }
  }

  /// A message as events; without a text it has no block.
  func messageScript(_ completion: Completion) -> EventScript {
    let hasText = completion.tokenCount > 0
    let delta = EventTemplate(.event("content_block_delta")) { text in
      JSONWriter.object { writer in
        writer.member("type", "content_block_delta")
        writer.member("index", 0)
        writer.object("delta") { writer in
          writer.member("type", "text_delta")
          writer.key("text")
          text(&writer)
        }
      }
    }
    let stop = EventScript.event("content_block_stop") { writer in
      writer.member("type", "content_block_stop")
      writer.member("index", 0)
    }
    return EventScript(
      opening: [Self.start(completion)] + (hasText ? [Self.blockStart] : []),
      token: delta,
      tokenCount: completion.tokenCount,
      closing: (hasText ? [stop] : []) + [
        EventScript.event("message_delta") { writer in
          writer.member("type", "message_delta")
          writer.object("delta") { $0.member("stop_reason", completion.stopReason) }
          writer.object("usage") { Self.writeCounts(completion, completion.tokenCount, to: &$0) }
        },
        EventScript.event("message_stop") { $0.member("type", "message_stop") },
      ],
      failure: []
    )
  }

  private static func start(_ completion: Completion) -> [UInt8] {
    EventScript.event("message_start") { writer in
      writer.member("type", "message_start")
      writer.object("message") { writer in
        writer.member("id", completion.id)
        writer.member("type", "message")
        writer.member("role", "assistant")
        writer.member("model", completion.model)
        writer.array("content") { _ in }
        writer.object("usage") { writeCounts(completion, 0, to: &$0) }
      }
    }
  }

  private static var blockStart: [UInt8] {
    EventScript.event("content_block_start") { writer in
      writer.member("type", "content_block_start")
      writer.member("index", 0)
      writer.object("content_block") { writer in
        writer.member("type", "text")
        writer.member("text", "")
      }
    }
  }

  private static func writeCounts(
    _ completion: Completion,
    _ output: Int,
    to writer: inout JSONWriter
  ) {
    writer.member("input_tokens", completion.promptTokens)
    writer.member("output_tokens", output)
  }
}
