import OAIRRouting
import OAIRSys

/// Says what a container is: a backend, or none, and why.
struct ContainerMapping: Sendable {
  /// What came of a container.
  enum Result: Sendable, Equatable {
    case backend(Backend)
    /// Its address is a name that has to be resolved.
    case unresolved(ConfiguredBackend)
    case skipped(DiscoverySkip)
  }

  let options: DockerOptions
  let vantage: DockerVantage

  /// Maps a container.
  func map(_ container: Container) -> Result {
    do throws(ContainerRefusal) {
      return try backend(of: container)
    } catch {
      let subject = container.name.isEmpty ? String(container.id.prefix(12)) : container.name
      return .skipped(
        DiscoverySkip(subject, reason: error.reason, isUnrelated: error.isUnrelated)
      )
    }
  }

  /// Whether an address may be used; the reason why not.
  func refusal(of address: SocketAddress) -> String? {
    guard !options.allowed.isEmpty, !options.allowed.contains(where: { $0.contains(address) })
    else { return nil }
    let ranges = options.allowed.map(\.description).joined(separator: ", ")
    return "its address \(address) is outside of discovery.docker.allow (\(ranges))"
  }

  // MARK: - Steps

  private func backend(of container: Container) throws(ContainerRefusal) -> Result {
    if vantage.isOwn(container) {
      throw ContainerRefusal("this router runs in it", isUnrelated: true)
    }
    let labels = try ContainerLabels(container.labels, options.labels)
    let rule = options.rule(for: container.image)
    let isWanted = labels.isEnabled ?? (rule != nil)
    guard isWanted else { throw unwanted(labels, container.image) }
    guard container.isRunning else { throw ContainerRefusal("it doesn't run") }
    let kind = labels.kind ?? rule?.kind ?? .auto
    // An engine that isn't known yet is found out; its id must not change then.
    let id = "\(kind == .auto ? Backend.Kind.generic.name : kind.name)-\(container.name)"
    guard (1...RoutingLimits.backendID).contains(id.utf8.count), !container.name.isEmpty,
      id.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else {
      throw ContainerRefusal(
        "its name can't stand in a header: 1 to 100 visible ASCII characters can"
      )
    }
    if let url = labels.url { return try configured(id, kind, url, labels) }
    let address = try address(of: container, labels, rule)
    if let reason = refusal(of: address) { throw ContainerRefusal(reason) }
    return .backend(
      Backend(
        id: id,
        kind: kind,
        endpoint: Endpoint(address: address),
        models: labels.models.map { ModelDescription(id: $0) },
        weight: labels.weight,
        priority: labels.priority,
        source: .docker
      )
    )
  }

  private func unwanted(_ labels: ContainerLabels, _ image: String) -> ContainerRefusal {
    let key = options.labels.key(\.enabled)
    if labels.isEnabled == false { return ContainerRefusal("its label \(key) says so") }
    let reason = "no label \(key)=true, and no rule for its image"
    return ContainerRefusal("\(reason) \(image.prefix(200))", isUnrelated: true)
  }

  private func configured(
    _ id: String,
    _ kind: Backend.Kind,
    _ url: String,
    _ labels: ContainerLabels
  ) throws(ContainerRefusal) -> Result {
    let key = options.labels.key(\.url)
    // A unix socket is a thing of this machine, and may be anything on it: the engine's own socket.
    guard !url.lowercased().hasPrefix("unix:") else {
      throw ContainerRefusal("its label \(key) names a unix socket, which a label may not")
    }
    let configured: ConfiguredBackend
    do throws(EndpointError) {
      configured = try ConfiguredBackend(
        id: id,
        url: url,
        kind: kind,
        models: labels.models,
        weight: labels.weight,
        priority: labels.priority,
        source: .docker
      )
    } catch {
      throw ContainerRefusal("its label \(key) can't be used: \(Self.text(error))")
    }
    guard let backend = configured.backend else { return .unresolved(configured) }
    if let reason = refusal(of: backend.endpoint.address) { throw ContainerRefusal(reason) }
    return .backend(backend)
  }

  private static func text(_ error: EndpointError) -> String {
    switch error {
    case .malformed(let reason): reason
    case .tlsNotBuiltIn: "https isn't built in"
    case .needsResolution(let host, _): "the name \(host) has to be resolved"
    }
  }

  // MARK: - Addresses

  private func address(
    of container: Container,
    _ labels: ContainerLabels,
    _ rule: ImageRule?
  ) throws(ContainerRefusal) -> SocketAddress {
    let port = try port(of: container, labels, rule)
    if container.usesHostNetwork {
      if let address = vantage.hostAddress(port: port) { return address }
      throw ContainerRefusal(
        "it is on the host's network, and there is no known way to the host from here"
      )
    }
    if case .container = vantage.place, let address = vantage.inside(container, port: port) {
      return address
    }
    let published = container.ports.filter { $0.inside == port }.compactMap(\.published)
    // IPv4 first: a port that is published for both has a row for each.
    let ordered = published.filter(\.isIPv4) + published.filter { !$0.isIPv4 }
    if let address = ordered.lazy.compactMap(vantage.published).first { return address }
    if let address = vantage.inside(container, port: port) { return address }
    throw ContainerRefusal(unreachable(container, port, isPublished: !published.isEmpty))
  }

  private func port(
    of container: Container,
    _ labels: ContainerLabels,
    _ rule: ImageRule?
  ) throws(ContainerRefusal) -> UInt16 {
    if let port = labels.port { return port }
    let inside = Set(container.ports.map(\.inside))
    if let rule {
      let published = Set(container.ports.filter { $0.published != nil }.map(\.inside))
      // Somebody who publishes one other port has told the server to listen there.
      if !published.contains(rule.port), published.count == 1, let only = published.first {
        return only
      }
      return rule.port
    }
    if inside.count == 1, let only = inside.first { return only }
    let key = options.labels.key(\.port)
    throw ContainerRefusal(
      inside.isEmpty
        ? "it shows no port: say which with the label \(key)"
        : "it shows \(inside.count) ports: say which with the label \(key)"
    )
  }

  private func unreachable(_ container: Container, _ port: UInt16, isPublished: Bool) -> String {
    let advice =
      "publish the port (-p 127.0.0.1:\(port):\(port)), or set the label "
      + options.labels.key(\.url)
    if let mode = container.networkMode, mode.hasPrefix("container:") {
      return "it shares another container's network: set the label \(options.labels.key(\.url))"
    }
    if isPublished {
      return "its port \(port) is published on another machine's loopback: \(advice)"
    }
    switch vantage.place {
    case .host:
      return "port \(port) isn't published, and its network isn't this machine's: \(advice)"
    case .container:
      return "it shares no network with this router, and port \(port) isn't published"
    case .elsewhere: return "port \(port) isn't published on its machine: \(advice)"
    }
  }
}

extension SocketAddress {
  fileprivate var isIPv4: Bool {
    if case .ipv4 = self { true } else { false }
  }
}
