/// What a fake backend wants to know of a body that asks for inference.
struct InferenceRequest: Equatable {
  /// `model`.
  var model: String?
  /// `stream`.
  var isStream = false
  /// Whether the body has `stream` at all: Ollama streams unless told not to.
  var saysStream = false
  /// `stream_options.include_usage`.
  var includesUsage = false
  /// `max_completion_tokens`, `max_tokens`, `max_output_tokens`, `n_predict` or Ollama's
  /// `options.num_predict`, whichever is smallest.
  var maximumTokens: Int?
  /// `encoding_format` is `base64`.
  var wantsBase64 = false
  /// Elements of `input`: 1 for a text or a list of token ids.
  var inputCount = 0
  /// `documents`, or what stands in its place where texts are scored against one.
  var documents: [String] = []
  /// `prompt` or `content`, if it is a text.
  var text: String?
  /// Elements of `tokens`.
  var tokenCount = 0
  /// `partial_images`.
  var partialImages = 0
  /// Whether `messages` has an element; Ollama only loads the model if not.
  var isConversation = false
  /// Whether `stream_format` asks for server-sent events.
  var wantsEvents = false
  /// Whether `response_format` of a transcription is `text`.
  var wantsText = false
  /// The members that carry what is to be worked on.
  var hasMessages = false
  var hasPrompt = false
  var hasInput = false
  var hasQuery = false
  var hasDocuments = false
  var hasTokens = false

  /// Reads a body whole.
  ///
  /// - Parameter body: a JSON object, in UTF-8.
  /// - Throws: `JSONFault` when it is no JSON object, or a member has the wrong type.
  init(_ body: [UInt8]) throws(JSONFault) {
    var result = InferenceRequest()
    var reader = JSONReader(body)
    try reader.object { (reader, key) throws(JSONFault) in try result.take(key, from: &reader) }
    try reader.end()
    self = result
  }

  /// Reads a form.
  ///
  /// - Parameters:
  ///   - form: a multipart body.
  ///   - boundary: what its parts are divided by.
  init(form: [UInt8], boundary: String) {
    for part in FormReader.parts(form, boundary: boundary) {
      let value = String(decoding: part.content.prefix(Self.fieldLimit), as: UTF8.self)
      switch part.name {
      case "model": model = value
      case "stream":
        isStream = value == "true" || value == "1"
        saysStream = true
      case "partial_images": partialImages = Int(value) ?? 0
      case "response_format": wantsText = value == "text"
      case "file": hasInput = true
      case "image", "image[]": hasInput = true
      case "prompt": hasPrompt = true
      default: break
      }
    }
  }

  /// LIMIT: bytes of a form's field that are looked at.
  private static let fieldLimit = 512

  private init() {}

  private mutating func take(_ key: String, from reader: inout JSONReader) throws(JSONFault) {
    // SDKs of some languages send what isn't set as null.
    if try reader.takeNull() { return }
    switch key {
    case "model": model = try reader.string()
    case "stream":
      isStream = try reader.bool()
      saysStream = true
    case "encoding_format": wantsBase64 = try reader.string() == "base64"
    case "max_tokens", "max_completion_tokens", "max_output_tokens", "n_predict":
      try takeMaximum(from: &reader)
    case "stream_options": try takeStreamOptions(from: &reader)
    case "options": try takeOptions(from: &reader)
    case "messages":
      hasMessages = true
      isConversation = try Self.countElements(&reader) > 0
    case "prompt", "content":
      hasPrompt = true
      text = try Self.takeText(&reader)
    case "input":
      hasInput = true
      inputCount = try Self.countInputs(&reader)
    default: try takeRare(key, from: &reader)
    }
  }

  /// Members of the smaller APIs.
  private mutating func takeRare(
    _ key: String,
    from reader: inout JSONReader
  ) throws(JSONFault) {
    switch key {
    case "query", "queries", "text_1", "data_1":
      hasQuery = true
      try reader.skip()
    case "documents", "text_2", "data_2":
      hasDocuments = true
      documents = try Self.takeTexts(&reader)
    case "tokens":
      hasTokens = true
      tokenCount = try Self.countElements(&reader)
    case "partial_images": partialImages = try reader.int()
    case "stream_format": wantsEvents = try reader.string() == "sse"
    default: try reader.skip()
    }
  }

  private mutating func takeMaximum(from reader: inout JSONReader) throws(JSONFault) {
    // llama.cpp's n_predict and Ollama's num_predict are -1 for "no bound".
    let count = try reader.int()
    if count >= 0 { maximumTokens = min(count, maximumTokens ?? .max) }
  }

  /// Ollama's.
  private mutating func takeOptions(from reader: inout JSONReader) throws(JSONFault) {
    var wanted = self
    try reader.object { (reader, key) throws(JSONFault) in
      guard key == "num_predict" else { return try reader.skip() }
      try wanted.takeMaximum(from: &reader)
    }
    self = wanted
  }

  private mutating func takeStreamOptions(from reader: inout JSONReader) throws(JSONFault) {
    var wantsUsage = false
    try reader.object { (reader, key) throws(JSONFault) in
      if key == "include_usage", try !reader.takeNull() {
        wantsUsage = try reader.bool()
      } else if key != "include_usage" {
        try reader.skip()
      }
    }
    includesUsage = wantsUsage
  }

  private static func countElements(_ reader: inout JSONReader) throws(JSONFault) -> Int {
    var count = 0
    guard try reader.peek() == 0x5B else {
      try reader.skip()
      return 0
    }
    try reader.array { (reader) throws(JSONFault) in
      try reader.skip()
      count += 1
    }
    return count
  }

  private static func takeText(_ reader: inout JSONReader) throws(JSONFault) -> String? {
    if try reader.peek() == 0x22 { return try reader.string() }
    try reader.skip()
    return nil
  }

  /// A text or a list; what isn't a text in it counts as an empty one.
  private static func takeTexts(_ reader: inout JSONReader) throws(JSONFault) -> [String] {
    guard try reader.peek() == 0x5B else { return [try takeText(&reader) ?? ""] }
    var texts: [String] = []
    try reader.array { (reader) throws(JSONFault) in
      texts.append(try takeText(&reader) ?? "")
    }
    return texts
  }

  private static func countInputs(_ reader: inout JSONReader) throws(JSONFault) -> Int {
    guard try reader.peek() == 0x5B else {
      try reader.skip()
      return 1
    }
    var count = 0
    var isTokenList = false
    try reader.array { (reader) throws(JSONFault) in
      let first = try reader.peek()
      if (0x30...0x39).contains(first) { isTokenList = true }
      try reader.skip()
      count += 1
    }
    return isTokenList ? 1 : count
  }
}
