/// One entry of `GET /v1/models`.
public struct Model: Codable, Equatable, Sendable {
  /// The id by which requests name it.
  public var id: String
  /// `model`.
  public var object: String
  /// When it was made, in seconds since 1970; not every engine says.
  public var created: Int?
  /// Who made it, or which engine serves it.
  public var ownedBy: String?

  /// A model.
  public init(id: String, created: Int? = nil, ownedBy: String? = nil) {
    self.id = id
    object = "model"
    self.created = created
    self.ownedBy = ownedBy
  }

  /// Decodes a model; `object` may be missing, as some engines leave it out.
  ///
  /// - Throws: `DecodingError` if there is no `id`, or a field is of the wrong type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    object = try container.decodeIfPresent(String.self, forKey: .object) ?? "model"
    created = try container.decodeIfPresent(Int.self, forKey: .created)
    ownedBy = try container.decodeIfPresent(String.self, forKey: .ownedBy)
  }

  private enum CodingKeys: String, CodingKey {
    case id, object, created
    case ownedBy = "owned_by"
  }
}
