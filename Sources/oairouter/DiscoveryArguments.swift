import ArgumentParser
import OAIRDiscovery
import OAIRouter

/// The `discovery.*` options of `serve`.
struct DiscoveryArguments: ParsableArguments {
  @Option(
    name: .customLong("discovery.file.path"),
    help: ArgumentHelp(
      "A YAML or JSON list of backends (id, url, type, models, weight, priority, …); "
        + "it's watched, and each new version takes effect at once.",
      valueName: "path"
    )
  )
  var filePath: String?

  @Option(
    name: .customLong("discovery.dns"),
    help: ArgumentHelp(
      "Names whose records tell where backends are, as JSON: [{\"name\": \"vllm.models.svc\", "
        + "\"record\": \"a\", \"port\": 8000}]; also type and server.",
      valueName: "list"
    )
  )
  var dns: String?

  /// Adds the discoverers that were asked for.
  ///
  /// - Throws: `CommandFailure` when one of them can't work: better now than in an hour.
  func apply(to options: inout RouterOptions) throws(CommandFailure) {
    if let filePath { options.discoverers.append(try Self.file(filePath)) }
    if let dns { options.discoverers += try Self.services(dns) }
  }

  private static func services(_ list: String) throws(CommandFailure) -> [any Discoverer] {
    let services: [DNSService]
    do throws(DocumentError) {
      services = try DNSService.list(YAMLDocument.parse(Array(list.utf8)))
    } catch {
      throw CommandFailure("--discovery.dns:\(error)", exitCode: CommandFailure.badUsage)
    }
    #if DNS
      return services.isEmpty ? [] : [DNSDiscoverer(services)]
    #else
      guard services.isEmpty else {
        throw CommandFailure(
          "--discovery.dns: this program was built without it; Scripts/run builds it in, as does "
            + "'swift build --traits DNS' where c-ares is (Debian: libc-ares-dev)",
          exitCode: CommandFailure.badUsage
        )
      }
      return []
    #endif
  }

  private static func file(_ path: String) throws(CommandFailure) -> FileDiscoverer {
    let discoverer = FileDiscoverer(path: path, parse: parseYAML)
    do throws(DocumentError) {
      try discoverer.check()
    } catch {
      let place = error.line == nil ? "\(path): " : "\(path):"
      throw CommandFailure("\(place)\(error)", exitCode: CommandFailure.badUsage)
    }
    return discoverer
  }

  @Sendable
  private static func parseYAML(_ bytes: [UInt8]) throws(DocumentError) -> [ConfiguredBackend] {
    try BackendList.read(file: YAMLDocument.parse(bytes))
  }
}
