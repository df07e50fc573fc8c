/// Work whose answer isn't made of tokens: counting, judging, converting, painting, speaking.
///
/// A dialect gives its answer the bytes.
struct PlainTask {
  var route: MockRoute
  /// Sixteen hexadecimal digits.
  var id: String
  /// Seconds since 1970.
  var created: Int
  var model: String
  var promptTokens: Int
  /// Tokens that an answer with a text has.
  var tokenCount: Int
  var request: InferenceRequest

  /// The text of an answer that has one.
  var text: String { Vocabulary.text(tokenCount) }

  /// The request's text in pieces of up to four characters, each with a made-up id.
  var tokenized: [(id: Int, piece: String)] {
    let text = Array(request.text ?? "")
    return stride(from: 0, to: text.count, by: 4).map { start in
      let piece = String(text[start..<min(start + 4, text.count)])
      return (256 + piece.utf8.reduce(0) { ($0 * 31 + Int($1)) % 32_000 }, piece)
    }
  }

  /// As many words as the request has tokens: the ids don't tell which.
  var detokenized: String { Vocabulary.text(request.tokenCount) }

  /// How well a document matches, by its place: the first one best, without ties.
  static func relevance(_ index: Int) -> Double { 0.875 / Double(index + 1) }

  /// A white pixel as a PNG file, in base64.
  static let picture =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="

  /// The head of a frame of MPEG audio, and the silence that fills it.
  static let audioHead: [UInt8] = [0xFF, 0xFB, 0x90, 0x64]
  static let audioRest = [UInt8](repeating: 0, count: 380)
}
