public import OAIRRouting

/// Asks backends for their models.
public struct ModelLister: Sendable {
  private let client: ControlClient

  /// Makes a lister.
  ///
  /// - Parameter client: carries its requests.
  public init(client: ControlClient) { self.client = client }

  /// Lists a backend's models by `GET /v1/models`; those of an Ollama also with what it tells of
  /// them in its own form.
  ///
  /// - Parameter order: which backend, and how long each request may take.
  /// - Returns: the models with their own objects; nil when there was no such list: an engine that
  ///   loads or fails has not lost its models.
  public func list(_ order: ProbeOrder) async -> [ModelDescription]? {
    await listing(order).models
  }

  /// The same, and why there was no such list, where the backend has said so: neither where it has
  /// said nothing, or this side couldn't ask.
  func listing(
    _ order: ProbeOrder
  ) async -> (models: [ModelDescription]?, trouble: ListingTrouble?) {
    guard let response = try? await client.fetch(ControlRequest(EngineRules.modelsPath, order))
    else { return (nil, nil) }
    guard response.status == 200 else { return (nil, .status(response.status)) }
    guard let list = ModelList(response.body)?.models else { return (nil, .noList) }
    return (await described(list, order), nil)
  }

  private func described(
    _ list: [ModelDescription],
    _ order: ProbeOrder
  ) async -> [ModelDescription] {
    var list = list
    guard order.backend.kind == .ollama, !list.isEmpty else { return list }
    guard let tagsBody = await self.body(EngineRules.ollamaTagsPath, order),
      let tags = OllamaList(tagsBody)
    else { return list }
    let objects = Dictionary(
      tags.objects.map { (ModelName.canonical($0.name), $0.object) },
      uniquingKeysWith: { first, _ in first }
    )
    for index in list.indices { list[index].tag = objects[ModelName.canonical(list[index].id)] }
    return list
  }

  /// Lists what an Ollama has in its memory by `GET /api/ps`, which wakes no model.
  ///
  /// - Parameter order: which backend, and how long it may take.
  /// - Returns: the models with their objects of that answer; nil when there was no such list.
  public func residents(_ order: ProbeOrder) async -> [ModelDescription]? {
    guard let body = await body(EngineRules.ollamaProcessesPath, order),
      let list = OllamaList(body)
    else { return nil }
    return list.objects.map { name, object in
      var model = ModelDescription(id: name, isLoaded: true)
      model.process = object
      return model
    }
  }

  private func body(_ path: String, _ order: ProbeOrder) async -> [UInt8]? {
    guard let response = try? await client.fetch(ControlRequest(path, order)),
      response.status == 200
    else { return nil }
    return response.body
  }
}
