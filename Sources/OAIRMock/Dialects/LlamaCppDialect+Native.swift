import OAIRWire

/// The engine's own API: `/completion`, `/infill`, `/tokenize`, `/apply-template` and its kin.
extension LlamaCppDialect {
  /// A completion in one piece.
  func native(_ completion: Completion) -> [UInt8] {
    JSONWriter.object { Self.writeEnd(completion, completion.text, to: &$0) }
  }

  /// A completion as events, without an end marker but the last event's `stop`.
  func nativeScript(_ completion: Completion) -> EventScript {
    let token = EventTemplate(.event(nil), firstNumber: 1) { text, number in
      JSONWriter.object { writer in
        writer.member("index", 0)
        writer.key("content")
        text(&writer)
        writer.array("tokens") { $0.int(236_743) }
        writer.member("stop", false)
        writer.member("id_slot", -1)
        writer.key("tokens_predicted")
        number(&writer)
        writer.member("tokens_evaluated", completion.promptTokens)
      }
    }
    return EventScript(
      token: token,
      tokenCount: completion.tokenCount,
      closing: [EventScript.event { Self.writeEnd(completion, "", to: &$0) }],
      failure: [
        EventScript.event { writer in
          writer.object("error") { writer in
            writer.member("code", 500)
            writer.member("message", Self.failureMessage)
            writer.member("type", "server_error")
          }
        }
      ]
    )
  }

  private static func writeEnd(
    _ completion: Completion,
    _ content: String,
    to writer: inout JSONWriter
  ) {
    writer.member("index", 0)
    writer.member("content", content)
    writer.array("tokens") { _ in }
    writer.member("id_slot", 0)
    writer.member("stop", true)
    writer.member("model", completion.model)
    writer.member("tokens_predicted", completion.tokenCount)
    writer.member("tokens_evaluated", completion.promptTokens)
    writer.member("has_new_line", completion.text.contains("\n"))
    writer.member("truncated", false)
    writer.member("stop_type", completion.isCutShort ? "limit" : "eos")
    writer.member("stopping_word", "")
    writer.member("tokens_cached", completion.totalTokens - 1)
    writeTimings(completion, to: &writer)
  }

  // MARK: - Tasks

  func document(_ task: PlainTask) -> Document {
    .json(JSONWriter.object { Self.write(task, to: &$0) })
  }

  func script(_ task: PlainTask) -> EventScript? {
    guard task.route == .transcription, task.request.isStream else { return nil }
    return OpenAIDialect().script(task)
  }

  private static func write(_ task: PlainTask, to writer: inout JSONWriter) {
    switch task.route {
    case .rerank: writeRanking(task, to: &writer)
    case .tokenize:
      writer.array("tokens") { writer in for token in task.tokenized { writer.int(token.id) } }
    case .detokenize: writer.member("content", task.detokenized)
    case .applyTemplate:
      writer.member("prompt", "<|im_start|>user\n\(task.text)<|im_end|>\n<|im_start|>assistant\n")
    case .transcription: writer.member("text", task.text)
    case .inputTokens:
      writer.member("object", "response.input_tokens")
      writer.member("input_tokens", task.promptTokens)
    default: writer.member("input_tokens", task.promptTokens)
    }
  }

  private static func writeRanking(_ task: PlainTask, to writer: inout JSONWriter) {
    writer.member("model", task.model)
    writer.member("object", "list")
    writer.object("usage") { writer in
      writer.member("prompt_tokens", task.promptTokens)
      writer.member("total_tokens", task.promptTokens)
    }
    writer.array("results") { writer in
      for index in task.request.documents.indices {
        writer.object { writer in
          writer.member("index", index)
          writer.member("relevance_score", PlainTask.relevance(index))
        }
      }
    }
  }
}
