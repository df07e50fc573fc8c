public import OAIRRouting

/// Asks backends for their models.
public struct ModelLister: Sendable {
  private let client: ControlClient

  /// Makes a lister.
  ///
  /// - Parameter client: carries its requests.
  public init(client: ControlClient) { self.client = client }

  /// Lists a backend's models by `GET /v1/models`.
  ///
  /// - Parameter order: which backend, and how long it may take.
  /// - Returns: the models with their own objects; nil when there was no such list: an engine that
  ///   loads or fails has not lost its models.
  public func list(_ order: ProbeOrder) async -> [ModelDescription]? {
    let request = ControlRequest(EngineRules.modelsPath, order)
    guard let response = try? await client.fetch(request), response.status == 200 else {
      return nil
    }
    return ModelList(response.body)?.models
  }
}
