import OAIRWire

extension OpenAIDialect {
  func document(_ task: PlainTask) -> Document {
    switch task.route {
    case .speech:
      let frames = (0..<max(task.tokenCount, 1)).flatMap { index in
        PlainTask.audioHead + Vocabulary.encodedToken(index) + PlainTask.audioRest
      }
      return Document(contentType: "audio/mpeg", body: frames)
    case .transcription, .translation:
      guard !task.request.wantsText else {
        return Document(
          contentType: "text/plain; charset=utf-8",
          body: Array("\(task.text)\n".utf8)
        )
      }
      return .json(Self.transcription(task))
    case .images, .imageEdits: return .json(Self.images(task))
    case .moderations: return .json(Self.moderation(task))
    default:
      return .json(
        JSONWriter.object { writer in
          writer.member("object", "response.input_tokens")
          writer.member("input_tokens", task.promptTokens)
        }
      )
    }
  }

  func script(_ task: PlainTask) -> EventScript? {
    switch task.route {
    case .speech: task.request.wantsEvents ? Self.speechEvents(task) : Self.speech(task)
    case .transcription where task.request.isStream: Self.transcriptionEvents(task)
    case .images where task.request.isStream: Self.imageEvents("image_generation", task)
    case .imageEdits where task.request.isStream: Self.imageEvents("image_edit", task)
    default: nil
    }
  }

  private static var failure: [UInt8] {
    EventScript.event("error") { writer in
      writer.member("type", "error")
      writer.object("error") { writer in
        writer.member("type", "server_error")
        writer.member("message", failureMessage)
        writer.nulls("param", "code")
      }
    }
  }

  // MARK: - Speech

  /// Audio as it is spoken: bytes without any event.
  private static func speech(_ task: PlainTask) -> EventScript {
    EventScript(
      contentType: "audio/mpeg",
      token: EventTemplate(before: PlainTask.audioHead, after: PlainTask.audioRest),
      tokenCount: max(task.tokenCount, 1),
      closing: [],
      failure: [],
      breaksOnFailure: true
    )
  }

  private static func speechEvents(_ task: PlainTask) -> EventScript {
    let piece = Base64.encode(PlainTask.audioHead + PlainTask.audioRest)
    let end = EventScript.event { writer in
      writer.member("type", "speech.audio.done")
      writer.object("usage") { writeUsage(task, to: &$0) }
    }
    return EventScript(
      token: EventTemplate { _ in
        JSONWriter.object { writer in
          writer.member("type", "speech.audio.delta")
          writer.member("audio", piece)
        }
      },
      tokenCount: max(task.tokenCount, 1),
      closing: [end],
      failure: [failure]
    )
  }

  private static func writeUsage(_ task: PlainTask, to writer: inout JSONWriter) {
    writer.member("input_tokens", task.promptTokens)
    writer.member("output_tokens", task.tokenCount)
    writer.member("total_tokens", task.promptTokens + task.tokenCount)
  }

  // MARK: - Transcriptions

  private static func transcription(_ task: PlainTask) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("text", task.text)
      if task.route == .transcription { writeTranscriptionUsage(task, to: &writer) }
    }
  }

  private static func writeTranscriptionUsage(_ task: PlainTask, to writer: inout JSONWriter) {
    writer.object("usage") { writer in
      writer.member("type", "tokens")
      writer.member("input_tokens", task.promptTokens)
      writer.object("input_token_details") { writer in
        writer.member("text_tokens", 0)
        writer.member("audio_tokens", task.promptTokens)
      }
      writer.member("output_tokens", task.tokenCount)
      writer.member("total_tokens", task.promptTokens + task.tokenCount)
    }
  }

  private static func transcriptionEvents(_ task: PlainTask) -> EventScript {
    let end = EventScript.event { writer in
      writer.member("type", "transcript.text.done")
      writer.member("text", task.text)
      writeTranscriptionUsage(task, to: &writer)
    }
    return EventScript(
      token: EventTemplate { text in
        JSONWriter.object { writer in
          writer.member("type", "transcript.text.delta")
          writer.key("delta")
          text(&writer)
        }
      },
      tokenCount: task.tokenCount,
      closing: [end],
      failure: [failure]
    )
  }

  // MARK: - Images

  private static func images(_ task: PlainTask) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("created", task.created)
      writeLooks(to: &writer)
      writer.array("data") { writer in
        writer.object { $0.member("b64_json", PlainTask.picture) }
      }
      writer.object("usage") { writePainting(task, to: &$0) }
    }
  }

  private static func writeLooks(to writer: inout JSONWriter) {
    writer.member("background", "opaque")
    writer.member("output_format", "png")
    writer.member("quality", "high")
    writer.member("size", "1024x1024")
  }

  private static func writePainting(_ task: PlainTask, to writer: inout JSONWriter) {
    writer.member("input_tokens", task.promptTokens)
    writer.object("input_tokens_details") { writer in
      writer.member("image_tokens", 0)
      writer.member("text_tokens", task.promptTokens)
    }
    writer.member("output_tokens", 1056)
    writer.member("total_tokens", task.promptTokens + 1056)
  }

  /// Each partial image takes the time of a token.
  private static func imageEvents(_ name: String, _ task: PlainTask) -> EventScript {
    let partial = "\(name).partial_image"
    let end = EventScript.event("\(name).completed") { writer in
      writer.member("type", "\(name).completed")
      writeImage(task, to: &writer)
      writer.object("usage") { writePainting(task, to: &$0) }
    }
    return EventScript(
      token: EventTemplate(.event(partial)) { _, number in
        JSONWriter.object { writer in
          writer.member("type", partial)
          writeImage(task, to: &writer)
          writer.key("partial_image_index")
          number(&writer)
        }
      },
      tokenCount: min(max(task.request.partialImages, 0), 3),
      closing: [end],
      failure: [failure]
    )
  }

  private static func writeImage(_ task: PlainTask, to writer: inout JSONWriter) {
    writer.member("b64_json", PlainTask.picture)
    writer.member("created_at", task.created)
    writeLooks(to: &writer)
  }

  // MARK: - Moderations

  private static let categories = [
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
  ]

  private static func moderation(_ task: PlainTask) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", "modr-\(task.id)")
      writer.member("model", task.model)
      writer.array("results") { writer in
        for _ in 0..<max(task.request.inputCount, 1) { writer.object(nil, writeVerdict) }
      }
    }
  }

  private static func writeVerdict(to writer: inout JSONWriter) {
    writer.member("flagged", false)
    writer.object("categories") { writer in
      for category in categories { writer.member(category, false) }
    }
    writer.object("category_scores") { writer in
      for (index, category) in categories.enumerated() {
        writer.member(category, PlainTask.relevance(index) / 1024)
      }
    }
    writer.object("category_applied_input_types") { writer in
      for category in categories { writer.array(category) { $0.string("text") } }
    }
  }
}
