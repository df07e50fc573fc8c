import OAIRTypes
import OAIRWire

/// vLLM 0.32 behind uvicorn, as recorded.
struct VLLMDialect: Dialect {
  private static let fingerprint = "vllm-0.32.0-e45cfe3e"

  // MARK: - Models

  func models(_ names: [String], created: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("object", "list")
      writer.array("data") { writer in
        for name in names { Self.write(name, root: names[0], created, to: &writer) }
      }
    }
  }

  func model(_ name: String, created: Int) -> [UInt8]? { nil }

  private static func write(
    _ name: String,
    root: String,
    _ created: Int,
    to writer: inout JSONWriter
  ) {
    writer.object { writer in
      writer.member("id", name)
      writer.member("object", "model")
      writer.member("created", created)
      writer.member("owned_by", "vllm")
      writer.member("root", root)
      writer.nulls("parent")
      writer.member("max_model_len", 8192)
      writer.array("permission") { writer in
        writer.object { writePermission(created, to: &$0) }
      }
    }
  }

  private static func writePermission(_ created: Int, to writer: inout JSONWriter) {
    writer.member("id", "modelperm-a35bb9db471d922d")
    writer.member("object", "model_permission")
    writer.member("created", created)
    let grants: [(String, Bool)] = [
      ("allow_create_engine", false), ("allow_sampling", true), ("allow_logprobs", true),
      ("allow_search_indices", false), ("allow_view", true), ("allow_fine_tuning", false),
    ]
    for (name, isGranted) in grants {
      writer.key(name)
      writer.bool(isGranted)
    }
    writer.member("organization", "*")
    writer.nulls("group")
    writer.key("is_blocking")
    writer.bool(false)
  }

  func idPrefix(for kind: Completion.Kind) -> String {
    switch kind {
    case .text: "cmpl-"
    case .response: "resp_"
    default: "chatcmpl-"
    }
  }

  func id(for kind: Completion.Kind, _ identity: inout MockIdentity) -> String {
    idPrefix(for: kind) + identity.hexadecimal(16)
  }

  func itemID(_ identity: inout MockIdentity) -> String { "msg_" + identity.hexadecimal(16) }

  // MARK: - Completions

  func document(_ completion: Completion) -> [UInt8] {
    switch completion.kind {
    case .response: return response(completion)
    case .message: return message(completion)
    default: break
    }
    return JSONWriter.object { writer in
      Self.writeIdentity(completion, isStream: false, to: &writer)
      writer.array("choices") { writer in
        writer.object { Self.writeChoice(completion, to: &$0) }
      }
      writer.nulls("service_tier")
      writer.member("system_fingerprint", Self.fingerprint)
      writer.object("usage") { writer in
        Self.writeCounts(completion, to: &writer)
        writer.nulls("prompt_tokens_details", "completion_tokens_details")
      }
      if completion.kind == .chat {
        writer.nulls("prompt_logprobs", "prompt_token_ids", "prompt_text")
      }
      writer.nulls("kv_transfer_params", "ec_transfer_params", "metrics")
    }
  }

  private static func writeIdentity(
    _ completion: Completion,
    isStream: Bool,
    to writer: inout JSONWriter
  ) {
    let chat = isStream ? "chat.completion.chunk" : "chat.completion"
    writer.member("id", completion.id)
    writer.member("object", completion.kind == .chat ? chat : "text_completion")
    writer.member("created", completion.created)
    writer.member("model", completion.model)
  }

  private static func writeChoice(_ completion: Completion, to writer: inout JSONWriter) {
    writer.member("index", 0)
    if completion.kind == .chat {
      writer.object("message") { writer in
        writer.member("role", "assistant")
        writer.member("content", completion.text)
        writer.nulls("refusal", "annotations", "audio", "function_call", "reasoning")
      }
    } else {
      writer.member("text", completion.text)
    }
    writer.nulls("logprobs")
    writer.member("finish_reason", completion.finishReason)
    writer.nulls("stop_reason", "token_ids")
    if completion.kind == .text { writer.nulls("prompt_logprobs", "prompt_token_ids") }
    writer.nulls("routed_experts")
  }

  private static func writeCounts(_ completion: Completion, to writer: inout JSONWriter) {
    writer.member("prompt_tokens", completion.promptTokens)
    writer.member("total_tokens", completion.promptTokens + completion.tokenCount)
    writer.member("completion_tokens", completion.tokenCount)
  }

  func script(_ completion: Completion) -> EventScript {
    switch completion.kind {
    case .response: return responseScript(completion)
    case .message: return messageScript(completion)
    default: break
    }
    var closing: [[UInt8]] = []
    if completion.tokenCount == 0 {
      // Without a token of its own the reason to finish still needs an event.
      var event: [UInt8] = []
      template(completion, isLast: true).append(Array("\"\"".utf8), to: &event)
      closing.append(event)
    }
    if completion.includesUsage { closing.append(usageEvent(completion)) }
    return EventScript(
      opening: completion.kind == .chat ? [opening(completion)] : [],
      token: template(completion, isLast: false),
      lastToken: template(completion, isLast: true),
      tokenCount: completion.tokenCount,
      closing: closing + [ServerSentEventEncoder.done],
      failure: [Self.failureEvent, ServerSentEventEncoder.done]
    )
  }

  private func opening(_ completion: Completion) -> [UInt8] {
    let json = JSONWriter.object { writer in
      Self.writeIdentity(completion, isStream: true, to: &writer)
      writer.array("choices") { writer in
        writer.object { writer in
          writer.member("index", 0)
          writer.object("delta") { writer in
            writer.member("role", "assistant")
            writer.member("content", "")
          }
          writer.nulls("logprobs", "finish_reason")
        }
      }
      writer.nulls("prompt_token_ids", "prompt_text")
    }
    return ServerSentEventEncoder.event(data: json)
  }

  private func template(_ completion: Completion, isLast: Bool) -> EventTemplate {
    EventTemplate { hole in
      JSONWriter.object { writer in
        Self.writeIdentity(completion, isStream: true, to: &writer)
        writer.array("choices") { writer in
          writer.object { writer in
            Self.writeToken(completion, isLast: isLast, hole, to: &writer)
          }
        }
        if isLast, !completion.includesUsage {
          writer.member("system_fingerprint", Self.fingerprint)
        }
      }
    }
  }

  private static func writeToken(
    _ completion: Completion,
    isLast: Bool,
    _ hole: (inout JSONWriter) -> Void,
    to writer: inout JSONWriter
  ) {
    let isChat = completion.kind == .chat
    writer.member("index", 0)
    if isChat {
      writer.object("delta") { writer in
        writer.key("content")
        hole(&writer)
      }
    } else {
      writer.key("text")
      hole(&writer)
    }
    writer.nulls("logprobs")
    writer.key("finish_reason")
    writer.stringOrNull(isLast ? completion.finishReason : nil)
    if isLast || !isChat { writer.nulls("stop_reason") }
    if !isChat { writer.nulls("prompt_token_ids") }
    writer.nulls("token_ids")
  }

  private func usageEvent(_ completion: Completion) -> [UInt8] {
    let json = JSONWriter.object { writer in
      Self.writeIdentity(completion, isStream: true, to: &writer)
      writer.array("choices") { _ in }
      writer.object("usage") { Self.writeCounts(completion, to: &$0) }
      writer.member("system_fingerprint", Self.fingerprint)
    }
    return ServerSentEventEncoder.event(data: json)
  }

  /// What a stream says when the engine's process is gone; note the spaces, which no other event of
  /// vLLM has.
  private static var failureEvent: [UInt8] {
    ServerSentEventEncoder.event(
      data: #"{"error": {"message": "\#(failureMessage)", "#
        + #""type": "InternalServerError", "param": null, "code": 500}}"#
    )
  }

  static let failureMessage =
    "EngineCore encountered an issue. See stack trace (above) for the root cause."

  // MARK: - Embeddings

  func document(_ embeddings: Embeddings) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", embeddings.id)
      writer.member("object", "list")
      writer.member("created", embeddings.created)
      writer.member("model", embeddings.model)
      writer.array("data") { writer in
        for (index, vector) in embeddings.vectors.enumerated() {
          writer.object { writer in
            writer.member("index", index)
            writer.member("object", "embedding")
            writer.key("embedding")
            embeddings.write(vector, to: &writer)
          }
        }
      }
      writer.object("usage") { writer in
        writer.member("prompt_tokens", embeddings.promptTokens)
        writer.member("total_tokens", embeddings.promptTokens)
        writer.member("completion_tokens", 0)
        writer.nulls("prompt_tokens_details")
      }
    }
  }

  // MARK: - Heads

  func head(_ facts: AnswerHead) -> [UInt8] {
    var head = facts.statusLine + "date: \(facts.date)\r\nserver: uvicorn\r\n"
    for field in facts.fields { head += "\(field.name): \(field.value)\r\n" }
    if case .length(let count) = facts.framing { head += "content-length: \(count)\r\n" }
    if let type = facts.contentType {
      head += "content-type: \(facts.isEventStream ? type + "; charset=utf-8" : type)\r\n"
    }
    head += "vary: Origin\r\n"
    if case .chunked = facts.framing { head += "transfer-encoding: chunked\r\n" }
    if !facts.isKeepAlive { head += "connection: close\r\n" }
    return Array((head + "\r\n").utf8)
  }
}
