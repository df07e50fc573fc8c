import OAIRTypes
import OAIRWire

extension VLLMDialect {
  func document(_ task: PlainTask) -> Document {
    switch task.route {
    case .countTokens:
      .json(
        JSONWriter.object { writer in
          writer.member("input_tokens", task.promptTokens)
          writer.object("context_management") { writer in
            writer.member("original_input_tokens", task.promptTokens)
          }
        }
      )
    case .rerank: .json(Self.ranking(task))
    case .score: .json(Self.list("score", task, Self.writeScore))
    case .classify: .json(Self.list("classify", task, Self.writeClass))
    case .pooling: .json(Self.list("pool", task, Self.writePooled))
    case .tokenize: .json(Self.tokens(task))
    case .detokenize: .json(JSONWriter.object { $0.member("prompt", task.detokenized) })
    default: .json(Self.transcription(task))
    }
  }

  func script(_ task: PlainTask) -> EventScript? {
    guard task.route == .transcription || task.route == .translation, task.request.isStream else {
      return nil
    }
    var end: [UInt8] = []
    Self.chunk(task, finishReason: "stop").append(Array("\"\"".utf8), to: &end)
    return EventScript(
      token: Self.chunk(task, finishReason: nil),
      tokenCount: task.tokenCount,
      closing: [end, ServerSentEventEncoder.done],
      failure: [
        ServerSentEventEncoder.event(
          data: #"{"error": {"message": "\#(Self.failureMessage)", "#
            + #""type": "InternalServerError", "param": null, "code": 500}}"#
        ),
        ServerSentEventEncoder.done,
      ]
    )
  }

  // MARK: - Scores

  private static func ranking(_ task: PlainTask) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", "rerank-\(task.id)")
      writer.member("model", task.model)
      writer.object("usage") { writeUsage(task, to: &$0) }
      writer.array("results") { writer in
        for (index, document) in task.request.documents.enumerated() {
          writer.object { writer in
            writer.member("index", index)
            writer.object("document") { $0.member("text", document) }
            writer.member("relevance_score", PlainTask.relevance(index))
          }
        }
      }
    }
  }

  private static func writeUsage(_ task: PlainTask, to writer: inout JSONWriter) {
    writer.member("prompt_tokens", task.promptTokens)
    writer.member("total_tokens", task.promptTokens)
  }

  /// A list with an element for each input or document.
  private static func list(
    _ prefix: String,
    _ task: PlainTask,
    _ write: (Int, inout JSONWriter) -> Void
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", "\(prefix)-\(task.id)")
      writer.member("object", "list")
      writer.member("created", task.created)
      writer.member("model", task.model)
      writer.array("data") { writer in
        let count = task.route == .score ? task.request.documents.count : task.request.inputCount
        for index in 0..<count { writer.object { write(index, &$0) } }
      }
      writer.object("usage") { writer in
        writeUsage(task, to: &writer)
        writer.member("completion_tokens", 0)
        writer.nulls("prompt_tokens_details")
      }
    }
  }

  private static func writeScore(_ index: Int, to writer: inout JSONWriter) {
    writer.member("index", index)
    writer.member("object", "score")
    writer.member("score", PlainTask.relevance(index))
  }

  private static func writeClass(_ index: Int, to writer: inout JSONWriter) {
    writer.member("index", index)
    writer.member("label", "Default")
    writer.array("probs") { writer in
      writer.raw("0.875".utf8)
      writer.raw("0.125".utf8)
    }
    writer.member("num_classes", 2)
  }

  private static func writePooled(_ index: Int, to writer: inout JSONWriter) {
    writer.member("index", index)
    writer.member("object", "pooling")
    writer.array("data") { writer in
      for number in Embeddings.vector(index, dimensions: 4) { writer.raw("\(number)".utf8) }
    }
  }

  // MARK: - Tokens

  private static func tokens(_ task: PlainTask) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("count", task.tokenized.count)
      writer.member("max_model_len", 8192)
      writer.array("tokens") { writer in for token in task.tokenized { writer.int(token.id) } }
      writer.nulls("token_strs")
    }
  }

  // MARK: - Transcriptions

  private static func transcription(_ task: PlainTask) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("text", task.text)
      if task.route == .transcription {
        writer.object("usage") { writer in
          writer.member("type", "duration")
          writer.member("seconds", 1)
        }
      }
    }
  }

  private static func chunk(_ task: PlainTask, finishReason: String?) -> EventTemplate {
    let isTranscription = task.route == .transcription
    return EventTemplate { text in
      JSONWriter.object { writer in
        writer.member("id", (isTranscription ? "trsc-" : "trsl-") + task.id)
        writer.member("object", isTranscription ? "transcription.chunk" : "translation.chunk")
        writer.member("created", task.created)
        writer.member("model", task.model)
        writer.array("choices") { writer in
          writer.object { writer in
            writer.object("delta") { writer in
              writer.key("content")
              text(&writer)
            }
            writer.key("finish_reason")
            writer.stringOrNull(finishReason)
            writer.nulls("stop_reason")
          }
        }
      }
    }
  }
}
