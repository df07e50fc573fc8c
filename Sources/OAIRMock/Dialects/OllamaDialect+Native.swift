import OAIRWire

/// Ollama's own API: streams are lines of JSON, and the last one says `done`.
extension OllamaDialect {
  /// An answer in one piece: the last line of a stream, with the whole text.
  func native(_ completion: Completion) -> [UInt8] {
    JSONWriter.object { writer in
      Self.write(completion, to: &writer) { $0.string(completion.text) }
      Self.writeEnd(completion, to: &writer)
    }
  }

  /// An answer as lines.
  func nativeScript(_ completion: Completion) -> EventScript {
    let end = Self.line { writer in
      Self.write(completion, to: &writer) { $0.string("") }
      Self.writeEnd(completion, to: &writer)
    }
    return EventScript(
      contentType: "application/x-ndjson",
      token: EventTemplate(.line) { text in
        JSONWriter.object { writer in
          Self.write(completion, to: &writer, text: text)
          writer.member("done", false)
        }
      },
      tokenCount: completion.tokenCount,
      closing: [end],
      failure: [Self.line { $0.member("error", Self.failureMessage) }]
    )
  }

  static let failureMessage = "an error was encountered while running the model: unexpected EOF"

  private static func write(
    _ completion: Completion,
    to writer: inout JSONWriter,
    text: (inout JSONWriter) -> Void
  ) {
    writer.member("model", completion.model)
    writer.member("created_at", RFC3339.render(completion.created))
    guard completion.kind == .ollamaChat else {
      writer.key("response")
      return text(&writer)
    }
    writer.object("message") { writer in
      writer.member("role", "assistant")
      writer.key("content")
      text(&writer)
    }
  }

  private static func writeEnd(_ completion: Completion, to writer: inout JSONWriter) {
    writer.member("done", true)
    writer.member("done_reason", completion.finishReason)
    if completion.kind == .ollamaGenerate {
      writer.array("context") { writer in for token in 1...3 { writer.int(token) } }
    }
    let load = max(nanoseconds(completion.loadMilliseconds), shortest)
    let prompt = max(nanoseconds(completion.promptMilliseconds), shortest)
    let tokens = max(nanoseconds(completion.tokenMilliseconds), shortest)
    writer.member("total_duration", load + prompt + tokens)
    writer.member("load_duration", load)
    writer.member("prompt_eval_count", completion.promptTokens)
    writer.member("prompt_eval_duration", prompt)
    if completion.tokenCount > 0 { writer.member("eval_count", completion.tokenCount) }
    writer.member("eval_duration", tokens)
  }

  /// What took no measurable time: 1 ms, in nanoseconds.
  private static let shortest = 1_000_000

  private static func nanoseconds(_ milliseconds: Double) -> Int { Int(milliseconds * 1_000_000) }

  /// What a request without anything to say is answered: the model is there now.
  static func loaded(_ completion: Completion) -> [UInt8] {
    JSONWriter.object { writer in
      write(completion, to: &writer) { $0.string("") }
      writer.member("done", true)
      writer.member("done_reason", "load")
    }
  }

  // MARK: - Models

  /// `/api/tags`: what is installed.
  static func tags(_ names: [String], created: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.array("models") { writer in
        for name in names {
          writer.object { writer in
            writer.member("name", tagged(name))
            writer.member("model", tagged(name))
            writer.member("modified_at", RFC3339.render(created))
            writer.member("size", modelSize)
            writer.member("digest", digest)
            writeDetails(to: &writer)
          }
        }
      }
    }
  }

  /// `/api/ps`: what is loaded, for five minutes each.
  static func loaded(_ names: [String], now: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.array("models") { writer in
        for name in names {
          writer.object { writer in
            writer.member("name", tagged(name))
            writer.member("model", tagged(name))
            writer.member("size", modelSize)
            writer.member("digest", digest)
            writeDetails(to: &writer)
            writer.member("expires_at", RFC3339.render(now + 300))
            writer.member("size_vram", modelSize)
            writer.member("context_length", 8192)
          }
        }
      }
    }
  }

  private static func writeDetails(to writer: inout JSONWriter) {
    writer.object("details") { writer in
      writer.member("parent_model", "")
      writer.member("format", "gguf")
      writer.member("family", "llama")
      writer.array("families") { $0.string("llama") }
      writer.member("parameter_size", "3.2B")
      writer.member("quantization_level", "Q4_K_M")
    }
  }

  /// `/api/show`.
  static func show(_ name: String, created: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("license", "")
      writer.member("modelfile", "FROM \(tagged(name))\nTEMPLATE {{ .Prompt }}\n")
      writer.member("template", "{{ .Prompt }}")
      writeDetails(to: &writer)
      writer.object("model_info") { writer in
        writer.member("general.architecture", "llama")
        writer.member("general.file_type", 15)
        writer.member("general.parameter_count", 3_212_749_888)
        writer.member("llama.context_length", 131_072)
        writer.member("llama.embedding_length", 3072)
      }
      writer.array("capabilities") { writer in
        for capability in ["completion", "tools"] { writer.string(capability) }
      }
      writer.member("modified_at", RFC3339.render(created))
    }
  }

  // MARK: - Vectors

  func document(_ embeddings: Embeddings) -> [UInt8] {
    switch embeddings.route {
    case .ollamaEmbed: Self.embed(embeddings)
    case .ollamaEmbeddings:
      JSONWriter.object { writer in
        writer.key("embedding")
        embeddings.write(embeddings.vectors.first ?? [], to: &writer)
      }
    default: Self.list(embeddings)
    }
  }

  private static func embed(_ embeddings: Embeddings) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("model", embeddings.model)
      writer.array("embeddings") { writer in
        for vector in embeddings.vectors { embeddings.write(vector, to: &writer) }
      }
      writer.member("total_duration", 2 * shortest)
      writer.member("load_duration", shortest)
      writer.member("prompt_eval_count", embeddings.promptTokens)
    }
  }

  private static func list(_ embeddings: Embeddings) -> [UInt8] {
    line { writer in
      writer.member("object", "list")
      writer.array("data") { writer in
        for (index, vector) in embeddings.vectors.enumerated() {
          writer.object { writer in
            writer.member("object", "embedding")
            writer.key("embedding")
            embeddings.write(vector, to: &writer)
            writer.member("index", index)
          }
        }
      }
      writer.member("model", embeddings.model)
      writer.object("usage") { writer in
        writer.member("prompt_tokens", embeddings.promptTokens)
        writer.member("total_tokens", embeddings.promptTokens)
      }
    }
  }

  func document(_ task: PlainTask) -> Document {
    .json(Self.line { $0.member("text", task.text) })
  }
}
