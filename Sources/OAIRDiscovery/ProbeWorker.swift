import OAIRRouting

/// Carries out what the registry orders, and reports back.
struct ProbeWorker: Sendable {
  private let registry: BackendRegistry
  private let prober: HealthProber
  private let lister: ModelLister

  init(registry: BackendRegistry, client: ControlClient) {
    self.registry = registry
    prober = HealthProber(client: client)
    lister = ModelLister(client: client)
  }

  /// Probes, lists or both.
  ///
  /// A probe that says nothing about the backend isn't reported: the registry gives it up for lost,
  /// and orders another.
  func carryOut(_ order: ProbeOrder) async {
    if order.checksHealth {
      guard let finding = await prober.check(order) else { return }
      await registry.apply(finding.outcome, to: order, kind: finding.kind)
      if let models = finding.models {
        await registry.update(models: models, from: order)
        return
      }
    }
    if order.listsModels { await registry.update(models: await lister.list(order), from: order) }
  }
}
