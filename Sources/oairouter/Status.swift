import ArgumentParser
import FoundationEssentials
import OAIRouter

/// `oairouter status`: whether a running router is healthy and ready.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what a running router is doing.",
    discussion: """
      Asks the router's admin listener, or, with --url or when there is none, what any client may \
      ask. Ends with 1 when the server says that it isn't healthy or isn't ready.
      """
  )

  @Option(
    help: ArgumentHelp(
      "Any server to ask instead of an admin listener. (default: \(ServerURL.standard), when "
        + "there is no admin listener)"
    ),
    transform: ServerURL.parse
  )
  var url: ServerURL?

  @Flag(help: "Print the answer as it came.")
  var json = false

  @OptionGroup var target: AdminTarget

  func run() throws {
    if url == nil, let connection = try target.find() { return try show(connection) }
    if url == nil {
      Terminal.writeError(
        "oairouter: no admin listener was found; asking \(ServerURL.standard), as any client may\n"
      )
    }
    try show(url ?? ServerURL.standard)
  }

  private func show(_ connection: AdminTarget.AdminConnection) throws {
    let body = try connection.ask("GET", "/admin/status")
    let status = try AdminTarget.AdminConnection.decode(body, as: AdminStatus.self)
    if json {
      Terminal.write(String(decoding: body, as: UTF8.self) + "\n")
    } else {
      let list = try AdminTarget.AdminConnection.decode(body, as: AdminBackends.self)
      Terminal.write(status.table + "\n" + list.table)
    }
    guard status.isReady else { throw ExitCode(CommandFailure.failed) }
  }

  private func show(_ url: ServerURL) throws {
    let health = try HTTPGet(url).fetch("/health")
    let readiness = try HTTPGet(url).fetch("/readyz")
    if json {
      Terminal.write(String(decoding: health.body, as: UTF8.self) + "\n")
    } else {
      Terminal.write(Terminal.table([["server", "\(url)"]] + Self.rows(health, readiness)))
    }
    guard Self.isGood(health), Self.isGood(readiness) || readiness.status == 404 else {
      throw ExitCode(CommandFailure.failed)
    }
  }

  private static func isGood(_ response: ControlResponse) -> Bool {
    (200..<300).contains(response.status)
  }

  /// What the two answers say, a fact in each row.
  static func rows(_ health: ControlResponse, _ readiness: ControlResponse) -> [[String]] {
    var rows = facts(health.body)
    if rows.isEmpty || !isGood(health) {
      rows.insert(["health", "answered \(health.status)"], at: 0)
    }
    let text = Terminal.escaped(
      String(String(decoding: readiness.body, as: UTF8.self).prefix(400))
    )
    switch readiness.status {
    case 200..<300: rows.append(["ready", "yes"])
    // Other servers than ours have no such path.
    case 404: rows.append(["ready", "not told"])
    default: rows.append(["ready", "no (\(readiness.status)): \(text)"])
    }
    return rows
  }

  /// The members of a health document that are plain values; the known ones first.
  private static func facts(_ body: [UInt8]) -> [[String]] {
    guard let members = try? JSONDecoder().decode([String: Fact].self, from: Data(body)) else {
      return []
    }
    let known = ["status", "backends_total", "backends_healthy", "models_available"]
    let others = members.keys.filter { !known.contains($0) }.sorted()
    let names = known.filter { members[$0] != nil } + others
    return names.compactMap { name in
      guard let text = members[name]?.text else { return nil }
      let label = String(name.map { $0 == "_" ? " " : $0 })
      return [Terminal.escaped(label), Terminal.escaped(text)]
    }
  }

  /// A plain value; anything else is not shown.
  private struct Fact: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Bool.self) {
        text = value ? "yes" : "no"
      } else if let value = try? container.decode(Int.self) {
        text = "\(value)"
      } else {
        text = try? container.decode(String.self)
      }
    }
  }
}
