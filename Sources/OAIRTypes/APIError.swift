/// OpenAI's error envelope: `{"error":{"message":…,"type":…,"param":…,"code":…}}`.
public struct APIError: Error, Codable, Equatable, Sendable {
  /// The stable name of an error.
  ///
  /// OpenAI sends text, engines often the HTTP status.
  public enum Code: Codable, Equatable, Sendable {
    /// A name, such as `model_not_found`.
    case name(String)
    /// A number, such as 404.
    case number(Int)

    /// Decodes whichever of the two is there.
    ///
    /// - Throws: `DecodingError` if it is neither.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .name(try container.decode(String.self))
      }
    }

    /// Encodes the name or the number.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .name(let name): try container.encode(name)
      case .number(let number): try container.encode(number)
      }
    }
  }

  /// What is inside the envelope.
  public struct Detail: Codable, Equatable, Sendable {
    /// What a user reads.
    public var message: String
    /// The kind of error, such as `invalid_request_error`.
    public var type: String?
    /// The parameter that is at fault.
    public var param: String?
    /// The stable name of the error.
    public var code: Code?

    /// What is inside the envelope.
    public init(message: String, type: String?, param: String? = nil, code: Code? = nil) {
      self.message = message
      self.type = type
      self.param = param
      self.code = code
    }
  }

  /// What is inside the envelope.
  public var error: Detail

  /// An error in its envelope.
  public init(message: String, type: String?, param: String? = nil, code: Code? = nil) {
    error = Detail(message: message, type: type, param: param, code: code)
  }
}
