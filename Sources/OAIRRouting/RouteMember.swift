/// A backend and its models, on their way into a table.
public struct RouteMember: Sendable {
  /// The backend as the table shows it.
  public let backend: RouteBackend
  /// Its models, in its own order.
  public let models: [ModelDescription]
  /// False until its models were listed once: it may have any.
  public let isListed: Bool
  /// When it was registered, in seconds since 1970: `created` of models it doesn't describe.
  public let registeredAt: Int
  /// The engine's version, as far as it has told.
  public let version: EngineVersion?

  /// Joins a backend and its models.
  public init(
    backend: RouteBackend,
    models: [ModelDescription],
    isListed: Bool = true,
    registeredAt: Int = 0,
    version: EngineVersion? = nil
  ) {
    self.backend = backend
    self.models = models
    self.isListed = isListed
    self.registeredAt = registeredAt
    self.version = version
  }
}
