import ArgumentParser
import OAIRouter

/// `--backend [id=]url[,setting=value…]`.
struct BackendArgument: ExpressibleByArgument {
  let id: String
  let url: String
  private let settings: BackendSettings
  /// Something stands behind the URL.
  let hasSettings: Bool

  init?(argument whole: String) {
    guard !whole.isEmpty else { return nil }
    let (argument, settings) = BackendSettings.split(whole)
    self.settings = BackendSettings(settings)
    hasSettings = !settings.isEmpty
    // An `=` belongs to the id only before the URL begins: a path may hold one too.
    let schemeStart = argument.firstIndex { $0 == ":" || $0 == "/" } ?? argument.endIndex
    if let equals = argument.firstIndex(of: "="), equals < schemeStart {
      id = String(argument[..<equals])
      url = String(argument[argument.index(after: equals)...])
    } else {
      url = argument
      id = ConfiguredBackend.defaultID(argument)
    }
    if id.isEmpty || url.isEmpty { return nil }
  }

  /// Checks the URL.
  func configured() throws(CommandFailure) -> ConfiguredBackend {
    // A lone word would pass for a host's name; more likely something was forgotten.
    guard url.contains(":") else {
      throw CommandFailure(
        "--backend \(id)=\(url): this is no URL; write for example http://10.0.0.5:8000",
        exitCode: CommandFailure.badUsage
      )
    }
    if let problem = settings.problem {
      throw CommandFailure("--backend \(id)=\(url): \(problem)", exitCode: CommandFailure.badUsage)
    }
    do throws(EndpointError) {
      return try ConfiguredBackend(
        id: id,
        url: url,
        kind: settings.kind,
        weight: settings.weight,
        priority: settings.priority,
        maxInFlight: settings.maxInFlight,
        onDisconnect: settings.onDisconnect,
        credentials: settings.credentials,
        source: .flag
      )
    } catch {
      throw CommandFailure(
        "--backend \(id)=\(url): \(error)",
        exitCode: CommandFailure.badUsage
      )
    }
  }
}
