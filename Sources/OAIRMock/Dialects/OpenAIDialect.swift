import OAIRTypes
import OAIRWire

/// The OpenAI service, as its API reference shows it.
struct OpenAIDialect: Dialect {
  private static let fingerprint = "fp_0ba0d124f1"

  // MARK: - Models

  func models(_ names: [String], created: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("object", "list")
      writer.array("data") { writer in
        for name in names { Self.write(name, created, to: &writer) }
      }
    }
  }

  func model(_ name: String, created: Int) -> [UInt8]? {
    var writer = JSONWriter()
    Self.write(name, created, to: &writer)
    return writer.bytes
  }

  private static func write(_ name: String, _ created: Int, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", name)
      writer.member("object", "model")
      writer.member("created", created)
      writer.member("owned_by", "openai")
    }
  }

  func idPrefix(for kind: Completion.Kind) -> String {
    switch kind {
    case .chat: "chatcmpl-"
    case .response: "resp_"
    default: "cmpl-"
    }
  }

  func id(for kind: Completion.Kind, _ identity: inout MockIdentity) -> String {
    idPrefix(for: kind) + (kind == .response ? identity.hexadecimal(50) : identity.letters(29))
  }

  func itemID(_ identity: inout MockIdentity) -> String { "msg_" + identity.hexadecimal(50) }

  // MARK: - Completions

  func document(_ completion: Completion) -> [UInt8] {
    guard completion.kind != .response else { return response(completion) }
    return JSONWriter.object { writer in
      writer.member("id", completion.id)
      writer.member("object", completion.kind == .chat ? "chat.completion" : "text_completion")
      writer.member("created", completion.created)
      writer.member("model", completion.model)
      writer.array("choices") { writer in
        writer.object { Self.writeChoice(completion, to: &$0) }
      }
      Self.writeUsage(completion, to: &writer)
      if completion.kind == .chat { writer.member("service_tier", "default") }
      writer.member("system_fingerprint", Self.fingerprint)
    }
  }

  private static func writeChoice(_ completion: Completion, to writer: inout JSONWriter) {
    if completion.kind == .text { writer.member("text", completion.text) }
    writer.member("index", 0)
    if completion.kind == .chat {
      writer.object("message") { writer in
        writer.member("role", "assistant")
        writer.member("content", completion.text)
        writer.nulls("refusal")
        writer.array("annotations") { _ in }
      }
    }
    writer.nulls("logprobs")
    writer.member("finish_reason", completion.finishReason)
  }

  private static func writeUsage(_ completion: Completion, to writer: inout JSONWriter) {
    writer.object("usage") { writer in
      writer.member("prompt_tokens", completion.promptTokens)
      writer.member("completion_tokens", completion.tokenCount)
      writer.member("total_tokens", completion.promptTokens + completion.tokenCount)
      writer.object("prompt_tokens_details") { writer in
        writer.member("cached_tokens", 0)
        writer.member("audio_tokens", 0)
      }
      writer.object("completion_tokens_details") { writer in
        writer.member("reasoning_tokens", 0)
        writer.member("audio_tokens", 0)
        writer.member("accepted_prediction_tokens", 0)
        writer.member("rejected_prediction_tokens", 0)
      }
    }
  }

  func script(_ completion: Completion) -> EventScript {
    guard completion.kind != .response else { return responseScript(completion) }
    let isChat = completion.kind == .chat
    let opening = event(completion) { writer in
      Self.writeDelta(&writer, finishReason: nil) { writer in
        writer.member("role", "assistant")
        writer.member("content", "")
        writer.nulls("refusal")
      }
    }
    let finish = event(completion) { writer in
      if isChat {
        Self.writeDelta(&writer, finishReason: completion.finishReason) { _ in }
      } else {
        Self.writeText(&writer, finishReason: completion.finishReason) { $0.string("") }
      }
    }
    var closing = [ServerSentEventEncoder.event(data: finish)]
    if completion.includesUsage {
      let usage = event(completion, hasUsage: true) { _ in }
      closing.append(ServerSentEventEncoder.event(data: usage))
    }
    return EventScript(
      opening: isChat ? [ServerSentEventEncoder.event(data: opening)] : [],
      token: template(completion),
      lastToken: nil,
      tokenCount: completion.tokenCount,
      closing: closing + [ServerSentEventEncoder.done],
      failure: [ServerSentEventEncoder.event(data: Self.failureEvent), ServerSentEventEncoder.done]
    )
  }

  private func template(_ completion: Completion) -> EventTemplate {
    EventTemplate { hole in
      event(completion) { writer in
        if completion.kind == .chat {
          Self.writeDelta(&writer, finishReason: nil) { writer in
            writer.key("content")
            hole(&writer)
          }
        } else {
          Self.writeText(&writer, finishReason: nil, text: hole)
        }
      }
    }
  }

  private func event(
    _ completion: Completion,
    hasUsage: Bool = false,
    choices: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    let isChat = completion.kind == .chat
    return JSONWriter.object { writer in
      writer.member("id", completion.id)
      writer.member("object", isChat ? "chat.completion.chunk" : "text_completion")
      writer.member("created", completion.created)
      writer.member("model", completion.model)
      if isChat { writer.member("service_tier", "default") }
      writer.member("system_fingerprint", Self.fingerprint)
      writer.array("choices", choices)
      if hasUsage {
        Self.writeUsage(completion, to: &writer)
      } else if completion.includesUsage {
        writer.nulls("usage")
      }
    }
  }

  private static func writeDelta(
    _ writer: inout JSONWriter,
    finishReason: String?,
    delta: (inout JSONWriter) -> Void
  ) {
    writer.object { writer in
      writer.member("index", 0)
      writer.object("delta", delta)
      writer.nulls("logprobs")
      writer.key("finish_reason")
      writer.stringOrNull(finishReason)
    }
  }

  private static func writeText(
    _ writer: inout JSONWriter,
    finishReason: String?,
    text: (inout JSONWriter) -> Void
  ) {
    writer.object { writer in
      writer.key("text")
      text(&writer)
      writer.member("index", 0)
      writer.nulls("logprobs")
      writer.key("finish_reason")
      writer.stringOrNull(finishReason)
    }
  }

  static let failureMessage = "The server had an error while processing your request."

  private static var failureEvent: [UInt8] { error(failureMessage, "server_error") }

  // MARK: - Embeddings

  func document(_ embeddings: Embeddings) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("object", "list")
      writer.array("data") { writer in
        for (index, vector) in embeddings.vectors.enumerated() {
          writer.object { writer in
            writer.member("object", "embedding")
            writer.member("index", index)
            writer.key("embedding")
            embeddings.write(vector, to: &writer)
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

  // MARK: - Errors

  func document(_ failure: MockFailure, on route: MockRoute) -> Document {
    let invalid = "invalid_request_error"
    switch failure {
    case .unknownModel(let name, _):
      let text = "The model `\(name)` does not exist or you do not have access to it."
      return Self.document(404, Self.error(text, invalid, code: "model_not_found"))
    case .unknownPath(let method, let path):
      return Self.document(404, Self.error("Invalid URL (\(method) \(path))", invalid))
    case .wrongMethod(let method, let path, let allowed):
      let text =
        "Not allowed to \(method) on \(path) (HINT: Perhaps you meant to use another method?)"
      var document = Self.document(405, Self.error(text, invalid, code: "method_not_supported"))
      document.fields = [MockField(name: "Allow", value: allowed)]
      return document
    case .wrongContentType:
      return Self.document(
        400,
        Self.error("Unsupported content type; expected application/json", invalid)
      )
    case .invalidJSON:
      return Self.document(
        400,
        Self.error("We could not parse the JSON body of your request.", invalid)
      )
    case .missingMember(let name):
      let text = "Missing required parameter: '\(name)'."
      return Self.document(
        400,
        Self.error(text, invalid, param: name, code: "missing_required_parameter")
      )
    case .loading:
      return Self.document(503, Self.error("The engine is loading.", "service_unavailable_error"))
    case .overloaded:
      let text = "The server is currently overloaded. Please try again later."
      return Self.document(
        503,
        Self.error(text, "service_unavailable_error", code: "server_is_overloaded")
      )
    case .status(let status, let message, let retryAfter):
      let type = status == 429 ? "requests" : status < 500 ? invalid : "server_error"
      var document = Self.document(status, Self.error(message, type))
      document.fields = retryAfter.map { [MockField(name: "Retry-After", value: "\($0)")] } ?? []
      return document
    }
  }

  private static func document(_ status: Int, _ body: [UInt8]) -> Document {
    Document(status: status, contentType: "application/json", body: body)
  }

  private static func error(
    _ message: String,
    _ type: String,
    param: String? = nil,
    code: String? = nil
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.object("error") { writer in
        writer.member("message", message)
        writer.member("type", type)
        writer.key("param")
        writer.stringOrNull(param)
        writer.key("code")
        writer.stringOrNull(code)
      }
    }
  }

  // MARK: - Heads

  func head(_ facts: AnswerHead) -> [UInt8] {
    var head = facts.statusLine + "Date: \(facts.date)\r\n"
    if let type = facts.contentType {
      head += "Content-Type: \(facts.isEventStream ? type + "; charset=utf-8" : type)\r\n"
    }
    switch facts.framing {
    case .length(let count): head += "Content-Length: \(count)\r\n"
    case .chunked: head += "Transfer-Encoding: chunked\r\n"
    case .untilClose: break
    }
    head += "Connection: \(facts.isKeepAlive ? "keep-alive" : "close")\r\n"
    head += "openai-version: 2020-10-01\r\nx-request-id: \(facts.requestID)\r\n"
    for field in facts.fields { head += "\(field.name): \(field.value)\r\n" }
    return Array((head + "\r\n").utf8)
  }
}
