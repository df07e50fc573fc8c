/// The answer of `GET /v1/models`.
public struct ModelList: Codable, Equatable, Sendable {
  /// `list`.
  public var object: String
  /// The models.
  public var data: [Model]

  /// A list of models.
  public init(data: [Model]) {
    object = "list"
    self.data = data
  }
}
