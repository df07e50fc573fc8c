import ArgumentParser
import Glibc
import OAIRouter

/// Where servers are looked for.
enum DiscoverySource: String, CaseIterable, ExpressibleByArgument {
  /// As if no backend were configured: containers if there is an engine, and local ports.
  case auto
  case docker, ports, off
}

/// `--discover`, short for several settings.
struct DiscoverFlag: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where servers are looked for: docker, ports, off; repeatable. (default: docker if there "
        + "is a socket, and ports, unless backends are named; auto: the same beside named ones)",
      valueName: "source"
    )
  )
  var discover: [DiscoverySource] = []
}

/// Where servers are searched for that nobody has named: containers and local ports.
struct DiscoverySearch {
  let settings: Settings
  let discover: [DiscoverySource]

  /// What is looked at.
  struct Sources {
    var docker: DockerDiscoverer?
    var ports: [UInt16] = []
    /// True when a container engine was looked for and none is there.
    var lacksEngine = false
  }

  /// True when something was asked for: what can't be looked at is a failure then.
  var isExplicit: Bool {
    dockerHost != nil || isDocker("on") || discover.contains(.docker)
      || Self.variable("DOCKER_HOST") != nil
  }

  /// What is wanted of a place.
  enum Wish: Equatable {
    case off
    /// If it is there.
    case auto
    /// It was asked for.
    case on
  }

  /// What is wanted, before anything was looked for.
  ///
  /// - Parameter hasBackends: as for `sources`.
  func wishes(hasBackends: Bool) -> (docker: Wish, ports: Wish) {
    if discover.contains(.off) { return (.off, .off) }
    var isAuto = !hasBackends || discover.contains(.auto)
    if !discover.isEmpty, !discover.contains(.auto) { isAuto = false }
    let localPorts = settings.value("discovery.local_ports").text
    let ports: Wish =
      localPorts == "on" || discover.contains(.ports)
      ? .on : isAuto && localPorts == "auto" ? .auto : .off
    let docker: Wish =
      isDocker("on") || discover.contains(.docker) ? .on : isAuto && isDocker("auto") ? .auto : .off
    return (docker, ports)
  }

  /// Decides what is looked at.
  ///
  /// - Parameter hasBackends: true when backends are configured: nothing else is wanted then,
  ///   unless asked for.
  /// - Throws: `SettingsFailure` when a container engine is asked for and can't be used.
  func sources(hasBackends: Bool) throws(SettingsFailure) -> Sources {
    let wishes = wishes(hasBackends: hasBackends)
    var sources = Sources()
    if wishes.ports != .off { sources.ports = LocalPortDiscoverer.usualPorts }
    switch wishes.docker {
    case .off: break
    case .on:
      let endpoint = try namedEndpoint() ?? .found(by: Self.variable) ?? .standard
      if let denial = endpoint.denial { throw SettingsFailure(denial) }
      sources.docker = DockerDiscoverer(endpoint: endpoint, options: options)
    case .auto:
      let endpoint = try namedEndpoint() ?? .found(by: Self.variable)
      sources.docker = endpoint.map { DockerDiscoverer(endpoint: $0, options: options) }
      sources.lacksEngine = endpoint == nil
    }
    return sources
  }

  private var dockerHost: String? { settings.value("discovery.docker.host").text }

  private func isDocker(_ word: String) -> Bool {
    settings.value("discovery.docker.enabled").text == word
  }

  /// Also when it isn't asked: TLS that was asked for is never left out silently.
  private func namedEndpoint() throws(SettingsFailure) -> DockerEndpoint? {
    do throws(DockerEndpointError) {
      if let dockerHost { return try DockerEndpoint(url: dockerHost) }
      return try DockerEndpoint.named(by: Self.variable)
    } catch {
      let place =
        dockerHost == nil ? "" : settings["discovery.docker.host"].origin.place + ": "
      throw SettingsFailure(place + error.description)
    }
  }

  private var options: DockerOptions {
    var options = DockerOptions()
    if let prefix = settings.value("discovery.docker.label_prefix").text {
      options.labels.prefix = prefix
    }
    options.usesKnownImages = settings.value("discovery.docker.images").text != "off"
    options.imageRules = settings.value("discovery.docker.image_rules").elements.compactMap(rule)
    options.allowed = settings.value("discovery.docker.allow").elements
      .compactMap { $0.text.flatMap { AddressRange($0) } }
    return options
  }

  private func rule(_ value: SettingValue) -> ImageRule? {
    guard let image = value["image"]?.text,
      let kind = value["type"]?.text.flatMap({ Backend.Kind($0) }),
      let port = value["port"]?.integer.flatMap({ UInt16(exactly: $0) })
    else { return nil }
    return ImageRule(image: image, kind: kind, port: port)
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
