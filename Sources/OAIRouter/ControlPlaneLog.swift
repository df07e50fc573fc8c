import Logging
import OAIRDiscovery
import OAIRRouting

/// What happens in the control plane, as log events: static messages with metadata, so that no text
/// of a backend can forge a line.
struct ControlPlaneLog: Sendable {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func write(_ event: ControlPlaneEvent) {
    switch event {
    case .found(let backend, let discoverer, let outcome):
      found(backend, discoverer, outcome)
    case .lost(let id, let discoverer):
      logger.notice(
        "backend gone",
        metadata: ["backend": .string(id), "discoverer": .string(discoverer)]
      )
    case .skipped(let skip, let discoverer):
      logger.log(
        level: skip.isUnrelated ? .debug : .notice,
        "not a backend",
        metadata: [
          "what": .string(skip.subject), "discoverer": .string(discoverer),
          "reason": .string(skip.reason),
        ]
      )
    case .watching(let what, let discoverer):
      logger.notice(
        "discoverer watches",
        metadata: ["what": .string(what), "discoverer": .string(discoverer)]
      )
    case .listed(let discoverer):
      logger.debug(
        "discoverer has told what is there",
        metadata: ["discoverer": .string(discoverer)]
      )
    case .troubled(let discoverer, let reason, let subject):
      var metadata: Logger.Metadata = [
        "discoverer": .string(discoverer), "reason": .string(reason),
      ]
      if let subject { metadata["about"] = .string(subject) }
      logger.warning("discoverer in trouble", metadata: metadata)
    case .recovered(let discoverer, let subject):
      logger.notice(
        "discoverer has recovered",
        metadata: ["discoverer": .string(discoverer), "about": .string(subject)]
      )
    }
  }

  private func found(
    _ backend: Backend,
    _ discoverer: String,
    _ outcome: RegistrationOutcome
  ) {
    var metadata: Logger.Metadata = [
      "backend": .string(backend.id), "discoverer": .string(discoverer),
      "endpoint": .string(backend.endpoint.address.description),
    ]
    switch outcome {
    case .registered: logger.notice("backend found", metadata: metadata)
    case .updated: logger.notice("backend changed", metadata: metadata)
    case .merged(let id):
      metadata["same_as"] = .string(id)
      logger.notice("backend known already", metadata: metadata)
    case .refused(let reason):
      metadata["reason"] = .string(reason)
      logger.warning("backend refused", metadata: metadata)
    }
  }
}
