import FoundationEssentials
import OAIRouter
import Synchronization

/// What `discover` prints.
///
/// Told by the discoverers' tasks, each in its order.
final class DiscoveryReport: Sendable {
  private struct State {
    var found: [(discoverer: String, backend: Backend)] = []
    var skipped: [(discoverer: String, skip: DiscoverySkip)] = []
    var troubles: [Trouble] = []
    var watching: [(discoverer: String, what: String)] = []
  }

  private struct Trouble {
    let discoverer: String
    let reason: String
    let about: String?
  }

  /// Signalled when everything was looked at.
  let done: EventFD
  private let isJSON: Bool
  private let isLive: Bool
  private let state = Mutex(State())

  /// - Throws: `SystemError` when no descriptor is left.
  init(isJSON: Bool, isLive: Bool) throws(SystemError) {
    done = try EventFD()
    self.isJSON = isJSON
    self.isLive = isLive
  }

  var hasTrouble: Bool { state.withLock { !$0.troubles.isEmpty } }

  func take(_ change: DiscoveryChange, by name: String) {
    state.withLock { state in
      switch change {
      case .appeared(let backend): state.found.append((name, backend))
      case .skipped(let skip): state.skipped.append((name, skip))
      case .troubled(let reason, let subject):
        Self.end(subject, of: name, &state)
        state.troubles.append(Trouble(discoverer: name, reason: reason, about: subject))
      case .recovered(let subject): Self.end(subject, of: name, &state)
      case .watching(let what): state.watching.append((name, what))
      case .disappeared, .stirred, .listed: break
      }
    }
    guard isLive else { return }
    Terminal.write(isJSON ? Self.json(Record(change, name)) : Self.line(change, name))
  }

  /// Takes a trouble away that is over, or is another one by now.
  private static func end(_ subject: String?, of name: String, _ state: inout State) {
    guard let subject else { return }
    state.troubles.removeAll { $0.discoverer == name && $0.about == subject }
  }

  /// Prints the whole, where it wasn't printed as it came.
  func finish() {
    guard !isLive else { return }
    state.withLock { Terminal.write(isJSON ? Self.document($0) : Self.text($0)) }
  }

  // MARK: - Text

  private static func text(_ state: State) -> String {
    var text = ""
    if !state.found.isEmpty {
      let rows = state.found.map { [$0.discoverer] + columns($0.backend) }
      text += Terminal.table([["FOUND BY", "BACKEND", "TYPE", "ADDRESS"]] + rows)
    }
    if state.found.isEmpty { text += "no servers found\n" }
    let skipped = state.skipped.map {
      [$0.discoverer, Terminal.escaped($0.skip.subject), Terminal.escaped($0.skip.reason)]
    }
    if !skipped.isEmpty { text += "\n" + Terminal.table([["NOT USED", "WHAT", "WHY"]] + skipped) }
    for trouble in state.troubles {
      text += "\n\(trouble.discoverer): \(Terminal.escaped(trouble.reason))\n"
    }
    return text
  }

  private static func columns(_ backend: Backend) -> [String] {
    [backend.id, backend.kind.name, url(backend)].map(Terminal.escaped)
  }

  fileprivate static func url(_ backend: Backend) -> String {
    let endpoint = backend.endpoint
    return endpoint.address.port == nil
      ? endpoint.address.description : "http://\(endpoint.address)\(endpoint.pathPrefix)"
  }

  private static func line(_ change: DiscoveryChange, _ name: String) -> String {
    switch change {
    case .appeared(let backend):
      "+ \(name)  \(columns(backend).joined(separator: "  "))\n"
    case .disappeared(let id): "- \(name)  \(Terminal.escaped(id))\n"
    case .stirred(let id): "? \(name)  \(Terminal.escaped(id))\n"
    case .skipped(let skip):
      "! \(name)  \(Terminal.escaped(skip.subject)): \(Terminal.escaped(skip.reason))\n"
    case .watching(let what): "= \(name)  \(Terminal.escaped(what))\n"
    case .troubled(let reason, _): "! \(name)  \(Terminal.escaped(reason))\n"
    case .listed: "= \(name)  everything is listed\n"
    case .recovered(let subject): "= \(name)  recovered: \(Terminal.escaped(subject))\n"
    }
  }

  // MARK: - JSON

  /// A change as an object; members that don't apply are left out.
  private struct Record: Encodable {
    let event: String
    let discoverer: String
    var id: String?
    var type: String?
    var url: String?
    var what: String?
    var reason: String?
    var about: String?

    init(_ change: DiscoveryChange, _ name: String) {
      discoverer = name
      switch change {
      case .appeared(let backend):
        event = "found"
        id = backend.id
        type = backend.kind.name
        url = DiscoveryReport.url(backend)
      case .disappeared(let id):
        event = "gone"
        self.id = id
      case .stirred(let id):
        event = "stirred"
        self.id = id
      case .skipped(let skip):
        event = "skipped"
        what = skip.subject
        reason = skip.reason
      case .watching(let what):
        event = "watching"
        self.what = what
      case .troubled(let reason, let subject):
        event = "trouble"
        self.reason = reason
        about = subject
      case .listed: event = "listed"
      case .recovered(let subject):
        event = "recovered"
        about = subject
      }
    }
  }

  private struct Document: Encodable {
    let backends: [Record]
    let skipped: [Record]
    let troubles: [Record]
    let watching: [Record]
  }

  private static func document(_ state: State) -> String {
    json(
      Document(
        backends: state.found.map { Record(.appeared($0.backend), $0.discoverer) },
        skipped: state.skipped.map { Record(.skipped($0.skip), $0.discoverer) },
        troubles: state.troubles.map {
          Record(.troubled($0.reason, about: $0.about), $0.discoverer)
        },
        watching: state.watching.map { Record(.watching($0.what), $0.discoverer) }
      )
    )
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and lists of strings can always be written.
    guard let data = try? encoder.encode(value) else { return "{}\n" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
