/// What a fake backend wants to know of a body that asks for inference.
struct InferenceRequest: Equatable {
  /// `model`.
  var model: String?
  /// `stream`.
  var isStream = false
  /// `stream_options.include_usage`.
  var includesUsage = false
  /// `max_completion_tokens`, `max_tokens` or `n_predict`, whichever is smallest.
  var maximumTokens: Int?
  /// `encoding_format` is `base64`.
  var wantsBase64 = false
  /// Elements of `input`: 1 for a text or a list of token ids.
  var inputCount = 0
  /// The members that carry what is to be worked on.
  var hasMessages = false
  var hasPrompt = false
  var hasInput = false

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

  private init() {}

  private mutating func take(_ key: String, from reader: inout JSONReader) throws(JSONFault) {
    // SDKs of some languages send what isn't set as null.
    if try reader.takeNull() { return }
    switch key {
    case "model": model = try reader.string()
    case "stream": isStream = try reader.bool()
    case "encoding_format": wantsBase64 = try reader.string() == "base64"
    case "max_tokens", "max_completion_tokens", "n_predict":
      // llama.cpp's n_predict is -1 for "no bound".
      let count = try reader.int()
      if count >= 0 { maximumTokens = min(count, maximumTokens ?? .max) }
    case "stream_options": try takeStreamOptions(from: &reader)
    case "messages":
      hasMessages = true
      try reader.skip()
    case "prompt":
      hasPrompt = true
      try reader.skip()
    case "input":
      hasInput = true
      inputCount = try Self.countInputs(&reader)
    default: try reader.skip()
    }
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
