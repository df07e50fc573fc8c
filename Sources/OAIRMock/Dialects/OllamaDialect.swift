import OAIRTypes
import OAIRWire

/// Ollama, as its documentation and source have it: Go's `net/http` and Gin around it.
///
/// Its compatible APIs are translations of its own: their documents end with a line end, and a
/// stream that dies of an error can't say so in the OpenAI API.
struct OllamaDialect: Dialect {
  static let version = "0.13.5"
  static let digest = "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72"
  static let modelSize = 2_019_393_189
  private static let fingerprint = "fp_ollama"

  // MARK: - Models

  func models(_ names: [String], created: Int) -> [UInt8] {
    Self.line { writer in
      writer.member("object", "list")
      writer.array("data") { writer in
        for name in names { writer.object { Self.write(Self.tagged(name), created, to: &$0) } }
      }
    }
  }

  func model(_ name: String, created: Int) -> [UInt8]? {
    Self.line { Self.write(name, created, to: &$0) }
  }

  private static func write(_ name: String, _ created: Int, to writer: inout JSONWriter) {
    writer.member("id", name)
    writer.member("object", "model")
    writer.member("created", created)
    writer.member("owned_by", "library")
  }

  /// A name with its tag; `latest` needn't be said.
  static func tagged(_ name: String) -> String {
    let last = name.split(separator: "/").last ?? ""
    return last.contains(":") ? name : "\(name):latest"
  }

  /// An object as Go's encoder writes it.
  static func line(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    JSONWriter.object(members) + [0x0A]
  }

  func idPrefix(for kind: Completion.Kind) -> String {
    switch kind {
    case .text: "cmpl-"
    case .response: "resp_"
    case .message: "msg_"
    default: "chatcmpl-"
    }
  }

  func id(for kind: Completion.Kind, _ identity: inout MockIdentity) -> String {
    switch kind {
    case .message: idPrefix(for: kind) + identity.hexadecimal(24)
    case .response: idPrefix(for: kind) + identity.digits(6)
    default: idPrefix(for: kind) + identity.digits(3)
    }
  }

  func itemID(_ identity: inout MockIdentity) -> String { "msg_" + identity.digits(6) }

  // MARK: - Completions

  func document(_ completion: Completion) -> [UInt8] {
    switch completion.kind {
    case .ollamaChat, .ollamaGenerate, .native: return native(completion)
    case .response: return response(completion)
    case .message: return message(completion)
    case .chat, .text: break
    }
    let isChat = completion.kind == .chat
    return Self.line { writer in
      Self.writeIdentity(completion, isChat ? "chat.completion" : "text_completion", to: &writer)
      writer.array("choices") { writer in
        writer.object { writer in
          Self.writeChoice(completion, "message", completion.finishReason, to: &writer) {
            $0.string(completion.text)
          }
        }
      }
      writer.object("usage") { Self.writeUsage(completion, to: &$0) }
    }
  }

  private static func writeIdentity(
    _ completion: Completion,
    _ object: String,
    to writer: inout JSONWriter
  ) {
    writer.member("id", completion.id)
    writer.member("object", object)
    writer.member("created", completion.created)
    writer.member("model", completion.model)
    writer.member("system_fingerprint", fingerprint)
  }

  private static func writeChoice(
    _ completion: Completion,
    _ name: String,
    _ finishReason: String?,
    to writer: inout JSONWriter,
    _ text: (inout JSONWriter) -> Void
  ) {
    if completion.kind == .chat {
      writer.member("index", 0)
      writer.object(name) { writer in
        writer.member("role", "assistant")
        writer.key("content")
        text(&writer)
      }
    } else {
      writer.key("text")
      text(&writer)
      writer.member("index", 0)
    }
    writer.key("finish_reason")
    writer.stringOrNull(finishReason)
  }

  private static func writeUsage(_ completion: Completion, to writer: inout JSONWriter) {
    writer.member("prompt_tokens", completion.promptTokens)
    writer.member("completion_tokens", completion.tokenCount)
    writer.member("total_tokens", completion.totalTokens)
  }

  func script(_ completion: Completion) -> EventScript {
    switch completion.kind {
    case .ollamaChat, .ollamaGenerate, .native: return nativeScript(completion)
    case .response: return responseScript(completion)
    case .message: return messageScript(completion)
    case .chat, .text: break
    }
    let finish = event(completion, completion.finishReason) { $0.string("") }
    var closing = [ServerSentEventEncoder.event(data: finish)]
    if completion.includesUsage {
      let usage = event(completion, nil, hasUsage: true) { $0.string("") }
      closing.append(ServerSentEventEncoder.event(data: usage))
    }
    // Mid-stream the translation takes an error for an answer without any text.
    var lost = completion
    lost.model = ""
    let failure = event(lost, nil) { $0.string("") }
    return EventScript(
      token: EventTemplate { hole in event(completion, nil, text: hole) },
      tokenCount: completion.tokenCount,
      closing: closing + [ServerSentEventEncoder.done],
      failure: [ServerSentEventEncoder.event(data: failure)]
    )
  }

  private func event(
    _ completion: Completion,
    _ finishReason: String?,
    hasUsage: Bool = false,
    text: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    let object = completion.kind == .chat ? "chat.completion.chunk" : "text_completion"
    return JSONWriter.object { writer in
      Self.writeIdentity(completion, object, to: &writer)
      writer.array("choices") { writer in
        guard !hasUsage else { return }
        writer.object { Self.writeChoice(completion, "delta", finishReason, to: &$0, text) }
      }
      if hasUsage { writer.object("usage") { Self.writeUsage(completion, to: &$0) } }
    }
  }

  // MARK: - Heads

  /// Go writes what the handler has set in alphabetical order, then what the server adds.
  func head(_ facts: AnswerHead) -> [UInt8] {
    var head = facts.statusLine
    for field in facts.fields { head += "\(field.name): \(field.value)\r\n" }
    if let type = facts.contentType { head += "Content-Type: \(type)\r\n" }
    head += "Date: \(facts.date)\r\n"
    if case .length(let count) = facts.framing { head += "Content-Length: \(count)\r\n" }
    if !facts.isKeepAlive { head += "Connection: close\r\n" }
    if facts.framing == .chunked { head += "Transfer-Encoding: chunked\r\n" }
    return Array((head + "\r\n").utf8)
  }
}
