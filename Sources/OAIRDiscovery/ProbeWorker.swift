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
    var order = order
    var hasListed = false
    var isWell = true
    if order.checksHealth {
      guard let finding = await prober.check(order) else { return }
      await registry.apply(
        finding.outcome,
        to: order,
        kind: finding.kind,
        version: finding.version
      )
      isWell = finding.outcome == .succeeded
      if let kind = finding.kind { order.backend.kind = kind }
      // Ollama's list isn't all that it tells.
      if let models = finding.models, order.backend.kind != .ollama {
        await registry.update(models: models, from: order)
        hasListed = true
      }
    }
    if order.listsModels, !hasListed {
      let listing = await lister.listing(order)
      await registry.update(models: listing.models, trouble: listing.trouble, from: order)
    }
    // What is in memory changes with every request; the outcome of the probe doesn't wait for it.
    if order.checksHealth, isWell, order.backend.kind == .ollama {
      await registry.update(residents: await lister.residents(order), from: order)
    }
  }
}
