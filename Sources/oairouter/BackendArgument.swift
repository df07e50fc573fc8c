import ArgumentParser
import OAIRouter

/// `--backend [id=]url`.
struct BackendArgument: ExpressibleByArgument {
  let id: String
  let url: String

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
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
    do throws(EndpointError) {
      return try ConfiguredBackend(id: id, url: url, source: .flag)
    } catch {
      throw CommandFailure(
        "--backend \(id)=\(url): \(error)",
        exitCode: CommandFailure.badUsage
      )
    }
  }
}
