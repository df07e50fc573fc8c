import ArgumentParser
import FoundationEssentials
import Glibc
import OAIRouter

/// Where servers are looked for.
enum DiscoverySource: String, CaseIterable, ExpressibleByArgument {
  /// As if no backend were configured: containers if there is an engine, and local ports.
  case auto
  case docker, ports, off
}

/// A setting that may be left to the program.
enum AutoSetting: String, CaseIterable, ExpressibleByArgument {
  case auto, on, off
}

/// Where servers are searched for that nobody has named: containers and local ports.
struct SearchArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where servers are looked for: docker, ports, off; repeatable. (default: docker if there "
        + "is a socket, and ports, unless backends are named; auto: the same beside named ones)",
      valueName: "source"
    )
  )
  var discover: [DiscoverySource] = []

  @Option(
    name: .customLong("discovery.docker.enabled"),
    help: ArgumentHelp("Whether containers are looked at.", valueName: "setting")
  )
  var dockerEnabled = AutoSetting.auto

  @Option(
    name: .customLong("discovery.docker.host"),
    help: ArgumentHelp(
      "The container engine. (default: DOCKER_HOST, else the socket of Docker or Podman)",
      valueName: "url"
    )
  )
  var dockerHost: String?

  @Option(
    name: .customLong("discovery.docker.label-prefix"),
    help: ArgumentHelp("What the labels of containers begin with.", valueName: "prefix")
  )
  var labelPrefix = "oairouter."

  @Option(
    name: .customLong("discovery.docker.images"),
    help: ArgumentHelp(
      "Whether containers of known images are backends without a label.",
      valueName: "setting"
    )
  )
  var images = AutoSetting.on

  @Option(
    name: .customLong("discovery.docker.image-rules"),
    help: ArgumentHelp(
      "Further images, such as "
        + #"[{"image":"registry.local/my-llm*","type":"generic","port":8080}]."#,
      valueName: "json"
    ),
    transform: Self.parseRules
  )
  var imageRules: [ImageRule] = []

  @Option(
    name: .customLong("discovery.docker.allow"),
    help: ArgumentHelp(
      "Addresses that containers may have, such as 172.16.0.0/12; repeatable. (default: any)",
      valueName: "range"
    ),
    transform: Self.parseRange
  )
  var allow: [AddressRange] = []

  @Option(
    name: .customLong("discovery.local-ports"),
    help: ArgumentHelp("Whether local ports are looked at.", valueName: "setting")
  )
  var localPorts = AutoSetting.auto

  /// What is looked at.
  struct Sources {
    var docker: DockerDiscoverer?
    var ports: [UInt16] = []
    /// True when a container engine was looked for and none is there.
    var lacksEngine = false
  }

  /// True when something was asked for: what can't be looked at is a failure then.
  var isExplicit: Bool {
    dockerHost != nil || dockerEnabled == .on || discover.contains(.docker)
      || Self.variable("DOCKER_HOST") != nil
  }

  /// Decides what is looked at.
  ///
  /// - Parameter hasBackends: true when backends are configured: nothing else is wanted then,
  ///   unless asked for.
  /// - Throws: `CommandFailure` when a container engine is asked for and can't be used.
  func sources(hasBackends: Bool) throws(CommandFailure) -> Sources {
    var isAuto = !hasBackends || discover.contains(.auto)
    if !discover.isEmpty, !discover.contains(.auto) { isAuto = false }
    var sources = Sources()
    guard !discover.contains(.off) else { return sources }
    if localPorts == .on || discover.contains(.ports) || (isAuto && localPorts == .auto) {
      sources.ports = LocalPortDiscoverer.usualPorts
    }
    if dockerEnabled == .on || discover.contains(.docker) {
      let endpoint = try namedEndpoint() ?? .found(by: Self.variable) ?? .standard
      if let denial = endpoint.denial {
        throw CommandFailure(denial, exitCode: CommandFailure.badUsage)
      }
      sources.docker = DockerDiscoverer(endpoint: endpoint, options: options)
    } else if isAuto, dockerEnabled == .auto {
      let endpoint = try namedEndpoint() ?? .found(by: Self.variable)
      sources.docker = endpoint.map { DockerDiscoverer(endpoint: $0, options: options) }
      sources.lacksEngine = endpoint == nil
    }
    return sources
  }

  private func namedEndpoint() throws(CommandFailure) -> DockerEndpoint? {
    do throws(DockerEndpointError) {
      if let dockerHost { return try DockerEndpoint(url: dockerHost) }
      return try DockerEndpoint.named(by: Self.variable)
    } catch {
      throw CommandFailure(error.description, exitCode: CommandFailure.badUsage)
    }
  }

  private var options: DockerOptions {
    var options = DockerOptions()
    options.labels.prefix = labelPrefix
    options.usesKnownImages = images != .off
    options.imageRules = imageRules
    options.allowed = allow
    return options
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  // MARK: - Parsing

  private struct Rule: Decodable {
    var image: String
    var type: String
    var port: UInt16
  }

  private static func parseRules(_ text: String) throws -> [ImageRule] {
    let rules: [Rule]
    do {
      rules = try JSONDecoder().decode([Rule].self, from: Data(text.utf8))
    } catch {
      throw ValidationError(
        #"expected a JSON list such as [{"image":"my-llm*","type":"generic","port":8080}]"#
      )
    }
    return try rules.map { rule in
      guard let kind = Backend.Kind(rule.type), !rule.image.isEmpty, rule.port > 0 else {
        let kinds = Backend.Kind.all.map(\.name).joined(separator: ", ")
        throw ValidationError(
          "an image rule needs an image, a port from 1, and one of the types \(kinds)"
        )
      }
      return ImageRule(image: rule.image, kind: kind, port: rule.port)
    }
  }

  private static func parseRange(_ text: String) throws -> AddressRange {
    guard let range = AddressRange(text) else {
      throw ValidationError("'\(text)' is no range of addresses such as 10.0.0.0/8 or fd00::/8")
    }
    return range
  }
}
