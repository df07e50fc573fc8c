import OAIRWire

/// One generated answer, before a dialect gives it its bytes.
struct Completion {
  /// Which endpoint it answers.
  enum Kind: Equatable, CaseIterable {
    /// `/v1/chat/completions`.
    case chat
    /// `/v1/completions`.
    case text
    /// `/v1/responses`.
    case response
    /// Anthropic's `/v1/messages`.
    case message
    /// llama.cpp's own `/completion` and `/infill`.
    case native
    /// Ollama's own `/api/chat`.
    case ollamaChat
    /// Ollama's own `/api/generate`.
    case ollamaGenerate
  }

  var kind: Kind
  var id: String
  /// The id of the message inside a response.
  var itemID = ""
  /// Seconds since 1970.
  var created: Int
  var model: String
  var tokenCount: Int
  var promptTokens: Int
  /// Whether the request's bound on tokens ended it.
  var isCutShort: Bool
  /// That bound, for engines that repeat it.
  var maximumTokens: Int?
  var includesUsage: Bool
  /// How long the prompt and the tokens took, in milliseconds, for engines that tell.
  var promptMilliseconds: Double
  var tokenMilliseconds: Double
  /// How long the model took to be loaded first.
  var loadMilliseconds = 0.0

  var text: String { Vocabulary.text(tokenCount) }
  var finishReason: String { isCutShort ? "length" : "stop" }
  var totalTokens: Int { promptTokens + tokenCount }
}

/// Vectors, before a dialect gives them their bytes.
struct Embeddings {
  /// Which path they are asked for on.
  var route = MockRoute.embeddings
  var id: String
  var created: Int
  var model: String
  var promptTokens: Int
  var vectors: [[Float]]
  var isBase64: Bool

  /// Writes the value of `embedding` for one vector.
  func write(_ vector: [Float], to writer: inout JSONWriter) {
    guard !isBase64 else { return writer.string(Base64.encode(floats: vector)) }
    writer.beginArray()
    for number in vector { writer.raw("\(number)".utf8) }
    writer.endArray()
  }

  /// A unit vector that differs from text to text, and is the same for the same position.
  static func vector(_ index: Int, dimensions: Int) -> [Float] {
    var random = SplitMix64(seed: UInt64(truncatingIfNeeded: index))
    let numbers = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
    let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return numbers.map { $0 / max(length, .leastNormalMagnitude) }
  }
}
