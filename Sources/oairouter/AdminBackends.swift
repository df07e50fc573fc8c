/// What the admin listener tells of backends.
struct AdminBackends: Decodable {
  struct Entry: Decodable {
    var id: String
    var url: String
    var type: String
    var source: String
    var state: String
    var draining: Bool
    var reason: String?
    var inFlight: Int
    var models: [String]
    var weight: Int
    var priority: Int
    var nextProbeMilliseconds: Int

    enum CodingKeys: String, CodingKey {
      case id, url, type, source, state, draining, reason, models, weight, priority
      case inFlight = "in_flight"
      case nextProbeMilliseconds = "next_probe_ms"
    }

    /// `down (drained)` for one that is away while it is drained.
    var stateText: String { draining && state != "draining" ? "\(state) (drained)" : state }
  }

  var backends: [Entry]

  /// The list as text.
  var table: String {
    guard !backends.isEmpty else { return "no backends: add one with 'oairouter backends add'\n" }
    let titles = ["BACKEND", "STATE", "TYPE", "IN FLIGHT", "MODELS", "URL", "REASON"]
    let rows = backends.map { entry in
      [
        entry.id, entry.stateText, entry.type, "\(entry.inFlight)", Self.models(entry.models),
        entry.url, entry.reason ?? "",
      ].map(Terminal.escaped)
    }
    return Terminal.table([titles] + rows)
  }

  private static func models(_ models: [String]) -> String {
    models.isEmpty
      ? "-"
      : models.prefix(3).joined(separator: ", ")
        + (models.count > 3 ? ", … (\(models.count))" : "")
  }
}
