/// The answer of `POST /v1/embeddings`.
public struct EmbeddingResponse: Codable, Equatable, Sendable {
  /// A vector in the form that was asked for.
  public enum Vector: Codable, Equatable, Sendable {
    /// Its components.
    case floats([Double])
    /// Its components as little-endian 32-bit floats, in base64.
    case base64(String)

    /// Decodes whichever of the two is there.
    ///
    /// - Throws: `DecodingError` if it is neither.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .base64(text)
      } else {
        self = .floats(try container.decode([Double].self))
      }
    }

    /// Encodes the vector in its form.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .floats(let components): try container.encode(components)
      case .base64(let text): try container.encode(text)
      }
    }
  }

  /// The vector of one input.
  public struct Embedding: Codable, Equatable, Sendable {
    /// `embedding`.
    public var object: String
    /// Which input it belongs to, from 0.
    public var index: Int
    /// The vector.
    public var embedding: Vector

    /// The vector of one input.
    public init(index: Int, embedding: Vector) {
      object = "embedding"
      self.index = index
      self.embedding = embedding
    }
  }

  /// `list`.
  public var object: String
  /// The vectors, in the order of the inputs.
  public var data: [Embedding]
  /// The model that made them.
  public var model: String
  /// What it took.
  public var usage: TokenUsage?

  /// An answer.
  public init(model: String, data: [Embedding], usage: TokenUsage? = nil) {
    object = "list"
    self.data = data
    self.model = model
    self.usage = usage
  }
}
