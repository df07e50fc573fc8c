/// The body of `POST /v1/embeddings`.
public struct EmbeddingRequest: Codable, Equatable, Sendable {
  /// What to embed.
  public enum Input: Codable, Equatable, Sendable {
    /// One text or several.
    case texts(OneOrMany<String>)
    /// Token ids of one text or several.
    case tokens(OneOrMany<[Int]>)

    /// Decodes whichever form is there.
    ///
    /// - Throws: `DecodingError` if it is none of them.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let texts = try? container.decode(OneOrMany<String>.self) {
        self = .texts(texts)
      } else {
        self = .tokens(try container.decode(OneOrMany<[Int]>.self))
      }
    }

    /// Encodes the texts or token ids.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .texts(let texts): try container.encode(texts)
      case .tokens(let tokens): try container.encode(tokens)
      }
    }
  }

  /// The model's id.
  public var model: String
  /// What to embed.
  public var input: Input
  /// `float` (the default) or `base64`.
  public var encodingFormat: String?
  /// How many dimensions the vectors shall have.
  public var dimensions: Int?

  /// A request with everything else left at its default.
  public init(model: String, input: Input, encodingFormat: String? = nil) {
    self.model = model
    self.input = input
    self.encodingFormat = encodingFormat
  }

  private enum CodingKeys: String, CodingKey {
    case model, input, dimensions
    case encodingFormat = "encoding_format"
  }
}
