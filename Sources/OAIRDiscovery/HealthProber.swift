public import OAIRRouting

/// Asks backends for their health, each in the way of its engine, and finds out which engine an
/// unknown one is.
public struct HealthProber: Sendable {
  /// What a probe found.
  public struct Finding: Sendable, Equatable {
    /// What it means for the backend's health.
    public var outcome: ProbeOutcome
    /// The engine, if it wasn't known and the answer shows it.
    public var kind: Backend.Kind?
    /// The engine's version, if the answer shows it.
    public var version: EngineVersion?
    /// The models, if the probe's answer happened to be the list of them.
    public var models: [ModelDescription]?

    /// Makes a finding.
    public init(
      outcome: ProbeOutcome,
      kind: Backend.Kind? = nil,
      version: EngineVersion? = nil,
      models: [ModelDescription]? = nil
    ) {
      self.outcome = outcome
      self.kind = kind
      self.version = version
      self.models = models
    }
  }

  private let client: ControlClient

  /// Makes a prober.
  ///
  /// - Parameter client: carries its requests.
  public init(client: ControlClient) { self.client = client }

  /// Probes a backend.
  ///
  /// - Parameter order: which, and how long it may take; twice that if it has to be found out first
  ///   which engine it is.
  /// - Returns: nil when nothing was learned about the backend, because this side had no
  ///   descriptor left or stops.
  public func check(_ order: ProbeOrder) async -> Finding? {
    let kind = order.backend.kind
    let path = EngineRules.probePath(kind)
    let deadline = ContinuousClock.now + .nanoseconds(Int64(clamping: order.timeout))
    let response: ControlResponse
    do throws(ControlFailure) {
      response = try await client.fetch(ControlRequest(path, order))
    } catch {
      return ProbeFailure(error).map { Finding(outcome: .failed($0)) }
    }
    guard path == EngineRules.modelsPath else {
      var finding = Finding(outcome: EngineRules.outcome(kind, status: response.status))
      if kind == .ollama { finding.version = EngineFingerprints.ollamaVersion(response) }
      return finding
    }
    let list = response.status == 200 ? ModelList(response.body) : nil
    var finding = Finding(outcome: .succeeded, models: list?.models)
    if kind == .auto, let found = await identify(response, list, order, until: deadline) {
      finding.kind = found.kind
      finding.version = found.version
    }
    finding.outcome = EngineRules.outcome(finding.kind ?? kind, status: response.status)
    if let found = finding.kind, finding.outcome == .succeeded,
      let word = await ownWord(found, order)
    {
      finding.outcome = word
    }
    return finding
  }

  /// What an engine that was just found out says of its own health: a vLLM whose engine is dead
  /// still lists its models.
  ///
  /// It has as long as any probe of its kind: in what finding it out has left of that, one that is
  /// slow, but well, would be silent.
  ///
  /// - Returns: nil when the list is all that it says, or this side couldn't ask.
  private func ownWord(_ kind: Backend.Kind, _ order: ProbeOrder) async -> ProbeOutcome? {
    let path = EngineRules.probePath(kind)
    // Ollama was found out by its own path.
    guard path != EngineRules.modelsPath, kind != .ollama else { return nil }
    do throws(ControlFailure) {
      let answer = try await client.fetch(ControlRequest(path, order))
      return EngineRules.outcome(kind, status: answer.status)
    } catch {
      return ProbeFailure(error).map { .failed($0) }
    }
  }

  /// Further questions decide, if the first answer doesn't tell.
  private func identify(
    _ response: ControlResponse,
    _ list: ModelList?,
    _ order: ProbeOrder,
    until deadline: ContinuousClock.Instant
  ) async -> EngineFingerprints.Finding? {
    if let kind = EngineFingerprints.recognise(response, list) { return .init(kind: kind) }
    // A server that isn't well may be any: asked again by the next probe.
    guard response.status < 500 else { return nil }
    for question in EngineFingerprints.questions {
      var request = ControlRequest(question, order)
      request.timeout = deadline - .now
      do throws(ControlFailure) {
        let answer = try await client.fetch(request)
        if let found = EngineFingerprints.recognise(answer, to: question) { return found }
      } catch {
        // One that can't stand a question says nothing by it; without time left there is a next
        // probe.
        if error == .timedOut || ProbeFailure(error) == nil { return nil }
      }
    }
    return .init(kind: .generic)
  }
}

extension ControlRequest {
  /// A request of the prober or the lister.
  init(_ path: String, _ order: ProbeOrder) {
    let endpoint = order.backend.endpoint
    self.init(
      endpoint.pathPrefix + path,
      address: endpoint.address,
      host: endpoint.host,
      timeout: .nanoseconds(Int64(clamping: order.timeout))
    )
    credentials = order.backend.credentials
  }
}

extension ProbeFailure {
  /// What a request without a response says about the backend; nil when it says nothing.
  init?(_ failure: ControlFailure) {
    switch failure {
    case .refused: self = .refused
    case .unreachable, .denied: self = .unreachable
    case .timedOut: self = .timedOut
    case .closed: self = .closed
    case .malformed, .tooLarge, .invalidRequest: self = .malformed
    case .status(let status): self = .status(status)
    case .cancelled, .exhausted, .stopped: return nil
    }
  }
}
