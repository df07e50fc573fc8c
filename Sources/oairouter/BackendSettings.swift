import FoundationEssentials
import OAIRouter

/// What stands behind the URL of a `--backend`: `,weight=2,priority=1`.
struct BackendSettings {
  private(set) var weight = 1
  private(set) var priority = 0
  private(set) var maxInFlight = 0
  private(set) var kind = Backend.Kind.auto
  private(set) var onDisconnect = Backend.OnDisconnect.abort
  private(set) var credentials = BackendCredentials()
  /// What is wrong with the first one that can't be read.
  private(set) var problem: String?

  /// Reads settings.
  ///
  /// - Parameter settings: each `name=value`.
  init(_ settings: [Substring]) {
    for setting in settings where problem == nil {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      take(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
  }

  /// Parts an argument at its commas.
  ///
  /// A URL has none before its path, and a path with one can be written with `%2C`.
  static func split(_ argument: String) -> (backend: String, settings: [Substring]) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    return (String(parts[0]), Array(parts.dropFirst()))
  }

  private mutating func take(_ name: String, _ value: String) {
    switch name {
    case "weight": weight = number(name, value, 1...CandidateFacts.greatestWeight)
    case "priority": priority = number(name, value, Int(Int32.min)...Int(Int32.max))
    case "max_in_flight": maxInFlight = number(name, value, 0...Int(Int32.max))
    case "type":
      guard let known = Backend.Kind(value) else {
        let names = Backend.Kind.all.map(\.name).joined(separator: ", ")
        problem = "the type '\(value)' isn't one of \(names)"
        return
      }
      kind = known
    case "on_disconnect":
      guard let known = Backend.OnDisconnect(rawValue: value) else {
        problem = "on_disconnect must be abort or drain, not '\(value)'"
        return
      }
      onDisconnect = known
    case "api_key_file":
      do throws(CommandFailure) {
        take(key: try KeyFile.secret(value))
      } catch { problem = error.text }
    case "api_key_env":
      guard let key = ProcessInfo.processInfo.environment[value] else {
        problem = "api_key_env: there is no variable \(value)"
        return
      }
      take(key: key)
    default:
      problem =
        "'\(name)' is no setting of a backend; there are weight, priority, max_in_flight, type, "
        + "on_disconnect, api_key_file and api_key_env"
    }
  }

  private mutating func take(key: String) {
    credentials.apiKey = key
    problem = credentials.problem
  }

  private mutating func number(_ name: String, _ value: String, _ range: ClosedRange<Int>) -> Int {
    if let number = Int(value), range.contains(number) { return number }
    problem = "\(name) must be \(range.lowerBound) to \(range.upperBound), not '\(value)'"
    return range.lowerBound
  }
}
