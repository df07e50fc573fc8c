/// What the admin listener tells of the whole router.
struct AdminStatus: Decodable {
  var state: String
  var pid: Int
  var uptimeMilliseconds: Int
  var listen: [String]
  var logLevel: String?
  var healthyCount: Int
  var totalCount: Int
  var modelCount: Int
  /// nil: the router is an older one.
  var aliasCount: Int?
  var connections: Int
  var inFlight: Int
  var requests: Int
  var heldBodyBytes: Int
  var troubles: [String: Int]
  /// nil: the router's configuration isn't read anew.
  var configuration: Configuration?
  /// nil: the router is an older one.
  var discoveryTroubles: [DiscoveryTrouble]?
  /// How many there are, with those that aren't told; nil: the router is an older one.
  var discoveryTroubleCount: Int?

  /// What a discoverer can't find.
  struct DiscoveryTrouble: Decodable {
    var discoverer: String
    var reason: String
    var toldAt: String

    enum CodingKeys: String, CodingKey {
      case discoverer, reason
      case toldAt = "told_at"
    }
  }

  /// What became of reading it anew.
  struct Configuration: Decodable {
    var problem: String?
    var awaitingRestart: [String]

    enum CodingKeys: String, CodingKey {
      case problem
      case awaitingRestart = "awaiting_restart"
    }
  }

  enum CodingKeys: String, CodingKey {
    case state, pid, listen, connections, requests, troubles, configuration
    case uptimeMilliseconds = "uptime_ms"
    case logLevel = "log_level"
    case discoveryTroubles = "discovery_troubles"
    case discoveryTroubleCount = "discovery_troubles_total"
    case healthyCount = "backends_healthy"
    case totalCount = "backends_total"
    case modelCount = "models_available"
    case aliasCount = "aliases_available"
    case inFlight = "in_flight"
    case heldBodyBytes = "held_body_bytes"
  }

  /// It would answer a new request.
  var isReady: Bool { state == "serving" && healthyCount > 0 }

  /// The facts as text.
  var table: String {
    var rows = [
      ["router", listen.joined(separator: ", ")],
      ["state", state],
      ["process", "\(pid), up \(Self.duration(uptimeMilliseconds / 1000))"],
      ["backends", "\(healthyCount) of \(totalCount) healthy"],
      ["models", models],
      [
        "requests",
        "\(requests), \(inFlight) in flight, \(Terminal.count(connections, "connection"))",
      ],
    ]
    if heldBodyBytes > 0 { rows.append(["held bodies", "\(heldBodyBytes) bytes"]) }
    if let logLevel { rows.append(["log level", logLevel]) }
    if let problem = configuration?.problem {
      rows.append(["configuration", "the newest was rejected: \(problem)"])
    }
    if let waiting = configuration?.awaitingRestart, !waiting.isEmpty {
      rows.append(["await a restart", waiting.joined(separator: ", ")])
    }
    rows += discoveryRows
    if !troubles.isEmpty {
      let list = troubles.sorted { $0.key < $1.key }.map { name, count in
        "\(String(name.map { $0 == "_" ? " " : $0 })) \(count)"
      }
      rows.append(["troubles", list.joined(separator: ", ")])
    }
    return Terminal.table(rows.map { $0.map(Terminal.escaped) })
  }

  private var discoveryRows: [[String]] {
    let troubles = discoveryTroubles ?? []
    var lines = troubles.map { "\($0.discoverer), since \($0.toldAt): \($0.reason)" }
    let more = (discoveryTroubleCount ?? 0) - troubles.count
    if more > 0 { lines.append("and \(Terminal.count(more, "more trouble"))") }
    return lines.map { ["discovery", $0] }
  }

  private var models: String {
    guard let aliasCount, aliasCount > 0 else { return "\(modelCount)" }
    return aliasCount == 1
      ? "\(modelCount), and 1 alias" : "\(modelCount), and \(aliasCount) aliases"
  }

  private static func duration(_ seconds: Int) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    if hours > 0 { return "\(hours) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(seconds % 60) s" : "\(seconds) s"
  }
}
