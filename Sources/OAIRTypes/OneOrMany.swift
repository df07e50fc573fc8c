/// A value that the API takes either alone or in an array.
public enum OneOrMany<Element: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  /// A value that stands alone.
  case one(Element)
  /// An array of values.
  case many([Element])

  /// The values, however they were written.
  public var values: [Element] {
    switch self {
    case .one(let value): [value]
    case .many(let values): values
    }
  }

  /// Decodes whichever of the two is there.
  ///
  /// - Throws: `DecodingError` if it is neither.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let values = try? container.decode([Element].self) {
      self = .many(values)
    } else {
      self = .one(try container.decode(Element.self))
    }
  }

  /// Encodes the value or the array.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .one(let value): try container.encode(value)
    case .many(let values): try container.encode(values)
    }
  }
}
