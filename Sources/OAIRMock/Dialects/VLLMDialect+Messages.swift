import OAIRTypes
import OAIRWire

extension VLLMDialect {
  /// A message in one piece.
  func message(_ completion: Completion) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", completion.id)
      writer.member("type", "message")
      writer.member("role", "assistant")
      writer.array("content") { writer in
        writer.object { writer in
          writer.member("type", "text")
          writer.member("text", completion.text)
        }
      }
      writer.member("model", completion.model)
      writer.member("stop_reason", completion.stopReason)
      writer.object("usage") { Self.writeCounts(completion, completion.tokenCount, to: &$0) }
    }
  }

  /// A message as events.
  func messageScript(_ completion: Completion) -> EventScript {
    let delta = EventTemplate(.event("content_block_delta")) { text in
      JSONWriter.object { writer in
        writer.member("type", "content_block_delta")
        writer.object("delta") { writer in
          writer.member("type", "text_delta")
          writer.key("text")
          text(&writer)
        }
        writer.member("index", 0)
      }
    }
    return EventScript(
      opening: [Self.start(completion), Self.blockStart],
      token: delta,
      tokenCount: completion.tokenCount,
      closing: [
        EventScript.event("content_block_stop") { writer in
          writer.member("type", "content_block_stop")
          writer.member("index", 0)
        },
        Self.end(completion),
        EventScript.event("message_stop") { $0.member("type", "message_stop") },
      ],
      failure: [
        AnthropicError.event("internal_error", Self.failureMessage), ServerSentEventEncoder.done,
      ]
    )
  }

  private static func start(_ completion: Completion) -> [UInt8] {
    EventScript.event("message_start") { writer in
      writer.member("type", "message_start")
      writer.object("message") { writer in
        writer.member("id", completion.id)
        writer.member("type", "message")
        writer.member("role", "assistant")
        writer.array("content") { _ in }
        writer.member("model", completion.model)
        writer.nulls("stop_reason", "stop_sequence")
        writer.object("usage") { writeCounts(completion, 0, to: &$0) }
      }
    }
  }

  private static var blockStart: [UInt8] {
    EventScript.event("content_block_start") { writer in
      writer.member("type", "content_block_start")
      writer.object("content_block") { writer in
        writer.member("type", "text")
        writer.member("text", "")
      }
      writer.member("index", 0)
    }
  }

  private static func end(_ completion: Completion) -> [UInt8] {
    EventScript.event("message_delta") { writer in
      writer.member("type", "message_delta")
      writer.object("delta") { writer in
        writer.member("stop_reason", completion.stopReason)
        writer.nulls("stop_sequence")
      }
      writer.object("usage") { writeCounts(completion, completion.tokenCount, to: &$0) }
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

extension Completion {
  /// `stop_reason` of Anthropic's API.
  var stopReason: String { isCutShort ? "max_tokens" : "end_turn" }
}
