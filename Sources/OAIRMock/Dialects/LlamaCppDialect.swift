import OAIRTypes
import OAIRWire

/// llama.cpp's `llama-server`, as recorded.
///
/// It writes `choices` first and its timings last.
struct LlamaCppDialect: Dialect {
  private static let fingerprint = "b0-unknown"

  // MARK: - Models

  func models(_ names: [String], created: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.array("models") { writer in
        for name in names { writer.object { Self.writeOllama(name, to: &$0) } }
      }
      writer.member("object", "list")
      writer.array("data") { writer in
        for name in names { writer.object { Self.write(name, created, to: &$0) } }
      }
    }
  }

  func model(_ name: String, created: Int) -> [UInt8]? { nil }

  /// The list in Ollama's manner that stands beside OpenAI's.
  private static func writeOllama(_ name: String, to writer: inout JSONWriter) {
    writer.member("name", name)
    writer.member("model", name)
    for key in ["modified_at", "size", "digest"] { writer.member(key, "") }
    writer.member("type", "model")
    writer.member("description", "")
    writer.array("tags") { $0.string("") }
    writer.array("capabilities") { $0.string("completion") }
    writer.member("parameters", "")
    writer.object("details") { writer in
      writer.member("parent_model", "")
      writer.member("format", "gguf")
      writer.member("family", "")
      writer.array("families") { $0.string("") }
      writer.member("parameter_size", "")
      writer.member("quantization_level", "")
    }
  }

  private static func write(_ name: String, _ created: Int, to writer: inout JSONWriter) {
    writer.member("id", name)
    writer.array("aliases") { $0.string(name) }
    writer.array("tags") { _ in }
    writer.member("object", "model")
    writer.object("architecture") { writer in
      writer.array("input_modalities") { $0.string("text") }
      writer.array("output_modalities") { $0.string("text") }
    }
    writer.member("created", created)
    writer.member("owned_by", "llamacpp")
    writer.object("meta") { writer in
      writer.member("vocab_type", 1)
      writer.member("n_vocab", 262_144)
      writer.member("n_ctx", 8192)
      writer.member("n_ctx_train", 32_768)
      writer.member("n_embd", 640)
      writer.member("n_params", 268_098_176)
      writer.member("size", 246_587_904)
      writer.member("ftype", "Q4_K - Medium")
    }
  }

  func idPrefix(for kind: Completion.Kind) -> String {
    kind == .response ? "resp_" : "chatcmpl-"
  }

  func id(for kind: Completion.Kind, _ identity: inout MockIdentity) -> String {
    idPrefix(for: kind) + identity.letters(32)
  }

  func itemID(_ identity: inout MockIdentity) -> String { "msg_" + identity.letters(32) }

  // MARK: - Completions

  func document(_ completion: Completion) -> [UInt8] {
    switch completion.kind {
    case .response: return response(completion)
    case .message: return message(completion)
    case .native: return native(completion)
    default: break
    }
    let isChat = completion.kind == .chat
    return JSONWriter.object { writer in
      writer.array("choices") { writer in
        writer.object { writer in
          if isChat {
            Self.writeChoice(&writer, finishReason: completion.finishReason, "message") { writer in
              writer.member("role", "assistant")
              writer.member("content", completion.text)
            }
          } else {
            Self.writeText(&writer, finishReason: completion.finishReason) {
              $0.string(completion.text)
            }
          }
        }
      }
      writer.member("created", completion.created)
      writer.member("model", completion.model)
      writer.member("system_fingerprint", Self.fingerprint)
      writer.member("object", isChat ? "chat.completion" : "text_completion")
      Self.writeUsage(completion, to: &writer)
      writer.member("id", completion.id)
      Self.writeTimings(completion, to: &writer)
    }
  }

  private static func writeChoice(
    _ writer: inout JSONWriter,
    finishReason: String?,
    _ name: String,
    _ members: (inout JSONWriter) -> Void
  ) {
    writer.key("finish_reason")
    writer.stringOrNull(finishReason)
    writer.member("index", 0)
    writer.object(name, members)
  }

  private static func writeText(
    _ writer: inout JSONWriter,
    finishReason: String?,
    _ text: (inout JSONWriter) -> Void
  ) {
    writer.key("text")
    text(&writer)
    writer.member("index", 0)
    writer.nulls("logprobs")
    writer.key("finish_reason")
    writer.stringOrNull(finishReason)
  }

  private static func writeUsage(_ completion: Completion, to writer: inout JSONWriter) {
    writer.object("usage") { writer in
      writer.member("completion_tokens", completion.tokenCount)
      writer.member("prompt_tokens", completion.promptTokens)
      writer.member("total_tokens", completion.promptTokens + completion.tokenCount)
      writer.object("prompt_tokens_details") { $0.member("cached_tokens", 0) }
    }
  }

  static func writeTimings(_ completion: Completion, to writer: inout JSONWriter) {
    writer.object("timings") { writer in
      writer.member("cache_n", 0)
      writeTiming("prompt", completion.promptTokens, completion.promptMilliseconds, to: &writer)
      writeTiming("predicted", completion.tokenCount, completion.tokenMilliseconds, to: &writer)
    }
  }

  private static func writeTiming(
    _ name: String,
    _ count: Int,
    _ milliseconds: Double,
    to writer: inout JSONWriter
  ) {
    // The engine itself writes 0.001 for what took no measurable time.
    let total = max(milliseconds, 0.001)
    writer.member("\(name)_n", count)
    let numbers: [(String, Double)] = [
      ("ms", total), ("per_token_ms", count > 0 ? total / Double(count) : 0),
      ("per_second", Double(count) * 1000 / total),
    ]
    for (unit, number) in numbers {
      writer.key("\(name)_\(unit)")
      writer.raw("\(number)".utf8)
    }
  }

  func script(_ completion: Completion) -> EventScript {
    switch completion.kind {
    case .response: return responseScript(completion)
    case .message: return messageScript(completion)
    case .native: return nativeScript(completion)
    default: break
    }
    let isChat = completion.kind == .chat
    let opening = event(completion) { writer in
      Self.writeDelta(&writer, finishReason: nil) { writer in
        writer.member("role", "assistant")
        writer.nulls("content")
      }
    }
    let token = EventTemplate { hole in
      event(completion) { writer in
        guard isChat else { return Self.writeTextChoice(&writer, finishReason: nil, hole) }
        Self.writeDelta(&writer, finishReason: nil) { writer in
          writer.key("content")
          hole(&writer)
        }
      }
    }
    let failure = Self.error(500, Self.failureMessage, "server_error")
    return EventScript(
      opening: isChat ? [ServerSentEventEncoder.event(data: opening)] : [],
      token: token,
      lastToken: nil,
      tokenCount: completion.tokenCount,
      closing: closing(completion) + [ServerSentEventEncoder.done],
      failure: [ServerSentEventEncoder.event(data: failure), ServerSentEventEncoder.done]
    )
  }

  /// The event with the reason to finish; and one of its own for the usage, in chats that ask for
  /// it.
  ///
  /// The timings stand in the last of them.
  private func closing(_ completion: Completion) -> [[UInt8]] {
    let isChat = completion.kind == .chat
    let hasUsageEvent = isChat && completion.includesUsage
    let finish = event(completion, usage: !isChat, timings: !hasUsageEvent) { writer in
      if isChat {
        Self.writeDelta(&writer, finishReason: completion.finishReason) { _ in }
      } else {
        Self.writeTextChoice(&writer, finishReason: completion.finishReason) { $0.string("") }
      }
    }
    guard hasUsageEvent else { return [ServerSentEventEncoder.event(data: finish)] }
    let usage = event(completion, usage: true, timings: true) { _ in }
    return [finish, usage].map { ServerSentEventEncoder.event(data: $0) }
  }

  private static func writeDelta(
    _ writer: inout JSONWriter,
    finishReason: String?,
    _ delta: (inout JSONWriter) -> Void
  ) {
    writer.object { writeChoice(&$0, finishReason: finishReason, "delta", delta) }
  }

  private static func writeTextChoice(
    _ writer: inout JSONWriter,
    finishReason: String?,
    _ text: (inout JSONWriter) -> Void
  ) {
    writer.object { writeText(&$0, finishReason: finishReason, text) }
  }

  private func event(
    _ completion: Completion,
    usage: Bool = false,
    timings: Bool = false,
    choices: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    let isChat = completion.kind == .chat
    return JSONWriter.object { writer in
      writer.array("choices", choices)
      writer.member("created", completion.created)
      if isChat { writer.member("id", completion.id) }
      writer.member("model", completion.model)
      writer.member("system_fingerprint", Self.fingerprint)
      writer.member("object", isChat ? "chat.completion.chunk" : "text_completion")
      if usage { Self.writeUsage(completion, to: &writer) }
      if !isChat { writer.member("id", completion.id) }
      if timings { Self.writeTimings(completion, to: &writer) }
    }
  }

  // MARK: - Embeddings

  func document(_ embeddings: Embeddings) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("model", embeddings.model)
      writer.member("object", "list")
      writer.object("usage") { writer in
        writer.member("prompt_tokens", embeddings.promptTokens)
        writer.member("total_tokens", embeddings.promptTokens)
      }
      writer.array("data") { writer in
        for (index, vector) in embeddings.vectors.enumerated() {
          writer.object { writer in
            writer.key("embedding")
            embeddings.write(vector, to: &writer)
            writer.member("index", index)
            writer.member("object", "embedding")
            if embeddings.isBase64 { writer.member("encoding_format", "base64") }
          }
        }
      }
    }
  }

  // MARK: - Heads

  func head(_ facts: AnswerHead) -> [UInt8] {
    var head = facts.statusLine + "Server: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
    if facts.isEventStream { head += "X-Accel-Buffering: no\r\n" }
    for field in facts.fields { head += "\(field.name): \(field.value)\r\n" }
    if let type = facts.contentType {
      head += "Content-Type: \(facts.isEventStream ? type : type + "; charset=utf-8")\r\n"
    }
    switch facts.framing {
    case .length(let count): head += "Content-Length: \(count)\r\n"
    case .chunked: head += "Transfer-Encoding: chunked\r\n"
    case .untilClose: break
    }
    if facts.isKeepAlive {
      let most = facts.requestsPerConnection.map { ", max=\($0)" } ?? ""
      head += "Keep-Alive: timeout=\(facts.keepAliveSeconds)\(most)\r\n"
    } else {
      head += "Connection: close\r\n"
    }
    return Array((head + "\r\n").utf8)
  }
}
