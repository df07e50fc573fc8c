import OAIRWire

/// The JSON of a request, in the form that its path wants.
struct RequestBody {
  /// LIMIT: bytes of the smallest body that is made.
  static let smallest = 256

  /// What comes before a place for a number of the request's own, and the place.
  private(set) var lead: [UInt8] = []
  /// What comes behind it; without such a place all is here.
  private(set) var rest: [UInt8] = []

  /// Stands where each request has a number of its own: hexadecimal digits.
  static let serialPlace = "0000000000000000"

  /// One message; exactly so many bytes.
  static func text(_ workload: Workload, _ model: String, bytes: Int) -> RequestBody {
    func document(_ text: some Sequence<UInt8>) -> [UInt8] {
      let message = JSONWriter.insideOfString(Array(text))
      return compose(workload, model, [("user", message)])
    }
    var sample = SampleText(seed: 1)
    let frame = document([]).count
    // Filled up with plain letters, since an escape may be cut in the middle.
    let text = Array(
      sample.paragraphs(bytes: max(bytes - frame, 0), hasCode: false).utf8.map { byte in
        byte < 0x20 || byte >= 0x7F ? UInt8(ascii: "e") : byte
      }.prefix(max(bytes - frame, 0))
    )
    var body = RequestBody()
    body.rest = document(text)
    return body
  }

  /// A conversation, with a number of its own near its begin.
  ///
  /// - Parameters:
  ///   - bytes: its length, about; nil: one of many lengths.
  ///   - seed: conversations of different seeds differ.
  static func chat(
    _ workload: Workload,
    _ model: String,
    bytes: Int?,
    seed: UInt64
  ) -> RequestBody {
    var sample = SampleText(seed: seed)
    var messages = [
      (
        "system",
        JSONWriter.insideOfString(
          Array("[\(serialPlace)] \(sample.paragraphs(bytes: 200, hasCode: false))".utf8)
        )
      )
    ]
    // From one KiB to 64.
    let wanted = bytes ?? 1 << sample.number(10...15) + sample.number(0...32) << 10
    var length = messages[0].1.count
    while length < wanted {
      let size = min(sample.number(40...4000), max(wanted - length - 200, 40))
      let text = sample.paragraphs(bytes: size, hasCode: true)
      let message = JSONWriter.insideOfString(Array(text.utf8))
      messages.append((messages.count % 2 == 1 ? "user" : "assistant", message))
      length += message.count + 40
    }
    let document = compose(workload, model, messages)
    var body = RequestBody()
    let place = document.firstRange(of: Array(serialPlace.utf8))
    let end = place?.upperBound ?? 0
    body.lead = Array(document[..<end])
    body.rest = Array(document[end...])
    return body
  }

  /// The document: what is said first, then how; `model` last.
  private static func compose(
    _ workload: Workload,
    _ model: String,
    _ messages: [(role: String, content: [UInt8])]
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    switch BodyShape(path: workload.path) {
    case .messages:
      writer.key("messages")
      write(messages, &writer)
    case .input:
      writer.key("input")
      writer.raw(quoted(messages))
    case .prompt:
      writer.key("prompt")
      writer.raw(quoted(messages))
    }
    writer.key("max_tokens")
    writer.int(workload.maxTokens)
    writer.key("temperature")
    writer.raw("0.7".utf8)
    writer.key("stream")
    writer.bool(workload.isStreaming)
    if workload.isStreaming, BodyShape(path: workload.path).hasStreamOptions {
      writer.key("stream_options")
      writer.raw(#"{"include_usage":true}"#.utf8)
    }
    writer.key("model")
    writer.string(model)
    writer.endObject()
    return writer.bytes
  }

  private static func write(
    _ messages: [(role: String, content: [UInt8])],
    _ writer: inout JSONWriter
  ) {
    writer.beginArray()
    for message in messages {
      writer.beginObject()
      writer.key("role")
      writer.string(message.role)
      writer.key("content")
      writer.raw([0x22] + message.content + [0x22])
      writer.endObject()
    }
    writer.endArray()
  }

  private static func quoted(_ messages: [(role: String, content: [UInt8])]) -> [UInt8] {
    [0x22] + messages.map(\.content).joined(separator: Array(#"\n\n"#.utf8)) + [0x22]
  }
}

/// How a path wants to be told what is said.
enum BodyShape {
  case messages, input, prompt

  init(path: String) {
    let path = path.prefix { $0 != "?" }
    if path.hasSuffix("/responses") || path.hasSuffix("/embeddings") || path.hasSuffix("/embed") {
      self = .input
    } else if path.hasSuffix("/completions") && !path.hasSuffix("/chat/completions")
      || path.hasSuffix("/generate")
    {
      self = .prompt
    } else {
      self = .messages
    }
  }

  /// Whether an OpenAI stream of it can be asked for its usage.
  var hasStreamOptions: Bool { self != .input }
}

extension WireFamily {
  /// The family of a path's answers.
  init(path: String) {
    let path = path.prefix { $0 != "?" }
    switch true {
    case path.hasSuffix("/chat/completions"): self = .chat
    case path.hasSuffix("/completions"): self = .completions
    case path.hasSuffix("/responses"): self = .responses
    case path.hasSuffix("/messages"): self = .messages
    case path.hasPrefix("/api/"): self = .ollama
    default: self = .opaque
    }
  }
}
