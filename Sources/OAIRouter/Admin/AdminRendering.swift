import Glibc
import Logging
import OAIRProxy
import OAIRRouting
import OAIRSys
import OAIRWire

/// The JSON that administrators get.
///
/// Units stand last in names; docs/OPERATIONS.md lists the members.
enum AdminRendering {
  static func backends(_ backends: [BackendSnapshot], _ report: ProxyReport?) -> [UInt8] {
    object { json in write(backends, report, to: &json) }
  }

  static func backend(_ backend: BackendSnapshot, _ report: ProxyReport?) -> [UInt8] {
    var json = JSONWriter()
    write(backend, report, to: &json)
    return json.bytes
  }

  /// - Parameter next: whose backend has the id again.
  static func removed(_ id: String, inFlight: Int, next: Backend.Source?) -> [UInt8] {
    object { json in
      member("removed", id, to: &json)
      member("in_flight", inFlight, to: &json)
      if let next { member("restored", next.name, to: &json) }
    }
  }

  static func logLevel(_ level: Logger.Level, before: Logger.Level?) -> [UInt8] {
    object { json in
      member("level", level.rawValue, to: &json)
      if let before { member("before", before.rawValue, to: &json) }
    }
  }

  static func status(
    _ report: ProxyReport,
    _ table: RouteTable,
    _ backends: [BackendSnapshot],
    addresses: [SocketAddress],
    uptimeMilliseconds: Int,
    logLevel: Logger.Level?,
    discovery: DiscoveryTroubles.Summary,
    reloads: ReloadRecord.State?,
    upgrades: UpgradeRecord.State?
  ) -> [UInt8] {
    object { json in
      member("state", report.stage.rawValue, to: &json)
      member("pid", Int(getpid()), to: &json)
      member("uptime_ms", uptimeMilliseconds, to: &json)
      json.key("listen")
      json.beginArray()
      for address in addresses { json.string(url(address)) }
      json.endArray()
      json.key("log_level")
      json.stringOrNull(logLevel?.rawValue)
      if let reloads { write(reloads, to: &json) }
      if let upgrades { write(upgrades, to: &json) }
      write(discovery, to: &json)
      member("backends_total", table.totalCount, to: &json)
      member("backends_healthy", table.healthyCount, to: &json)
      member("models_available", table.modelCount, to: &json)
      member("aliases_available", table.aliasCount, to: &json)
      member("connections", report.connections, to: &json)
      member("in_flight", report.inFlight, to: &json)
      member("requests", Int(clamping: report.counters.requests), to: &json)
      member("held_body_bytes", report.heldBodyBytes, to: &json)
      json.key("troubles")
      json.beginObject()
      for (name, count) in report.counters.troubles where count > 0 {
        member(name, Int(clamping: count), to: &json)
      }
      json.endObject()
      write(backends, report, to: &json)
    }
  }

  private static func write(
    _ troubles: DiscoveryTroubles.Summary,
    to json: inout JSONWriter
  ) {
    member("discovery_troubles_total", troubles.count, to: &json)
    json.key("discovery_troubles")
    json.beginArray()
    for trouble in troubles.oldest {
      json.beginObject()
      member("discoverer", trouble.discoverer, to: &json)
      member("about", trouble.about, to: &json)
      member("reason", trouble.reason, to: &json)
      member("told_at", WallTime.utc(trouble.toldAt) + "Z", to: &json)
      json.endObject()
    }
    json.endArray()
  }

  private static func write(_ reloads: ReloadRecord.State, to json: inout JSONWriter) {
    json.key("configuration")
    json.beginObject()
    member("taken_at", WallTime.utc(reloads.takenAt) + "Z", to: &json)
    member("reloads_taken", Int(clamping: reloads.taken), to: &json)
    member("reloads_rejected", Int(clamping: reloads.rejected), to: &json)
    json.key("problem")
    json.stringOrNull(reloads.problem)
    json.key("awaiting_restart")
    json.beginArray()
    for setting in reloads.awaitingRestart { json.string(setting) }
    json.endArray()
    json.endObject()
  }

  private static func write(_ upgrades: UpgradeRecord.State, to json: inout JSONWriter) {
    json.key("upgrades")
    json.beginObject()
    member("succeeded", Int(clamping: upgrades.succeeded), to: &json)
    member("failed", Int(clamping: upgrades.failed), to: &json)
    json.key("problem")
    json.stringOrNull(upgrades.problem)
    json.endObject()
  }

  /// Who goes on, and who did until then.
  static func upgrade(pid: Int32, version: String) -> [UInt8] {
    object { json in
      member("pid", Int(pid), to: &json)
      member("version", version, to: &json)
      member("former_pid", Int(getpid()), to: &json)
    }
  }

  static func explanation(_ explanation: RouteExplanation, path: String) -> [UInt8] {
    object { json in
      member("path", path, to: &json)
      json.key("model")
      json.stringOrNull(explanation.model)
      json.key("served_model")
      json.stringOrNull(explanation.servedModel)
      json.key("chosen")
      json.stringOrNull(explanation.chosen)
      json.key("decided_by")
      json.stringOrNull(explanation.decidedBy)
      json.key("waits")
      json.bool(explanation.waits)
      json.key("candidates")
      json.beginArray()
      for candidate in explanation.candidates { write(candidate, to: &json) }
      json.endArray()
      json.key("refusal")
      guard let refusal = explanation.refusal else { return json.null() }
      json.beginObject()
      member("status", refusal.status, to: &json)
      member("code", refusal.code, to: &json)
      member("message", refusal.message, to: &json)
      json.endObject()
    }
  }

  // MARK: - Parts

  private static func write(_ candidate: RouteExplanation.Candidate, to json: inout JSONWriter) {
    json.beginObject()
    member("id", candidate.id, to: &json)
    member("state", candidate.state.name, to: &json)
    json.key("eligible")
    json.bool(candidate.isEligible)
    member("reason", candidate.reason, to: &json)
    member("in_flight", candidate.inFlight, to: &json)
    member("weight", candidate.weight, to: &json)
    member("priority", candidate.priority, to: &json)
    member("max_in_flight", candidate.maxInFlight, to: &json)
    json.endObject()
  }

  private static func write(
    _ backends: [BackendSnapshot],
    _ report: ProxyReport?,
    to json: inout JSONWriter
  ) {
    json.key("backends")
    json.beginArray()
    for backend in backends { write(backend, report, to: &json) }
    json.endArray()
  }

  private static func write(
    _ snapshot: BackendSnapshot,
    _ report: ProxyReport?,
    to json: inout JSONWriter
  ) {
    let backend = snapshot.backend
    let slot = report?.slot(snapshot.slot, incarnation: snapshot.incarnation)
    json.beginObject()
    member("id", backend.id, to: &json)
    member("url", url(backend.endpoint), to: &json)
    member("address", backend.endpoint.address.description, to: &json)
    member("type", backend.kind.name, to: &json)
    json.key("version")
    json.stringOrNull(snapshot.version?.description)
    member("source", backend.source.name, to: &json)
    member("state", snapshot.state.name, to: &json)
    member("state_age_ms", milliseconds(snapshot.stateAge), to: &json)
    json.key("draining")
    json.bool(snapshot.isDraining)
    json.key("reason")
    json.stringOrNull(snapshot.lastError)
    member("next_probe_ms", milliseconds(snapshot.nextProbe), to: &json)
    member("in_flight", slot?.inFlight ?? 0, to: &json)
    member("idle_connections", slot?.idleConnections ?? 0, to: &json)
    json.key("models")
    json.beginArray()
    for model in backend.models { json.string(model.id) }
    json.endArray()
    json.key("models_known")
    json.bool(snapshot.isListed)
    member("weight", backend.weight, to: &json)
    member("priority", backend.priority, to: &json)
    member("max_in_flight", backend.maxInFlight, to: &json)
    member("on_disconnect", backend.onDisconnect.rawValue, to: &json)
    json.key("also_known_as")
    json.beginArray()
    for id in snapshot.mergedIDs { json.string(id) }
    json.endArray()
    json.endObject()
  }

  private static func object(_ content: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    content(&json)
    json.endObject()
    return json.bytes
  }

  private static func member(_ key: String, _ value: String, to json: inout JSONWriter) {
    json.key(key)
    json.string(value)
  }

  private static func member(_ key: String, _ value: Int, to json: inout JSONWriter) {
    json.key(key)
    json.int(value)
  }

  private static func milliseconds(_ duration: Duration) -> Int {
    Int(duration.components.seconds) * 1000
      + Int(duration.components.attoseconds / 1_000_000_000_000_000)
  }

  private static func url(_ endpoint: Endpoint) -> String {
    if case .unix = endpoint.address { return endpoint.address.description }
    return "http://\(endpoint.host)\(endpoint.pathPrefix)"
  }

  private static func url(_ address: SocketAddress) -> String {
    address.port == nil ? "\(address)" : "http://\(address)"
  }
}
