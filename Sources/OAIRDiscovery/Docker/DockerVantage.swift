import OAIRSys

/// Where this process stands, as seen from a container engine: it decides which of a container's
/// addresses lead there.
struct DockerVantage: Sendable, Equatable {
  /// The three places that there are.
  enum Place: Sendable, Equatable {
    /// On the engine's machine, with its networks.
    case host
    /// In one of its containers.
    case container(Container)
    /// On another machine: the engine's host.
    case elsewhere(host: String)
  }

  var place: Place
  var networks: LocalNetworks
  /// Instead of the engine's machine, for containers without an address of their own.
  var defaultHost: String?
  /// What the system says of the container that we are in.
  private let own: OwnContainer
  /// That container isn't among those that the place was found out by: an engine lists one as
  /// running only after its program has started.
  private let missesOwn: Bool

  /// Finds out where we are.
  ///
  /// - Parameters:
  ///   - engine: where the engine listens.
  ///   - containers: what it runs.
  ///   - own: what the system says of the container that we are in.
  init(
    engine: SocketAddress,
    containers: [Container],
    own: OwnContainer,
    networks: LocalNetworks,
    defaultHost: String? = nil
  ) {
    self.networks = networks
    self.defaultHost = defaultHost
    self.own = own
    missesOwn = !containers.contains { own.matches($0.id) }
    if let container = containers.first(where: { own.matches($0.id) }) {
      place = container.usesHostNetwork ? .host : .container(container)
    } else {
      place = networks.has(engine) ? .host : .elsewhere(host: engine.host)
    }
  }

  /// The engine's machine, as seen from here; nil when there is no way to tell.
  func hostAddress(port: UInt16) -> SocketAddress? {
    if let defaultHost { return SocketAddress(host: defaultHost, port: port) }
    switch place {
    case .host:
      return .loopback(port: port)
    case .container(let own):
      return own.networks.lazy.compactMap(\.gateway).first?.with(port: port)
    case .elsewhere(let host):
      return SocketAddress(host: host, port: port)
    }
  }

  /// Where a published port is reached; nil when it is published for others only.
  func published(_ address: SocketAddress) -> SocketAddress? {
    guard let port = address.port else { return nil }
    if address.isWildcard {
      // The IPv6 loopback is told apart: a port may be published for one family only.
      if case .ipv6 = address, place == .host, defaultHost == nil {
        return .ipv6(0, 1, scope: 0, port: port)
      }
      return hostAddress(port: port)
    }
    return address.isLoopback && place != .host ? nil : address
  }

  /// A container's own address, if there is a way to it.
  func inside(_ container: Container, port: UInt16) -> SocketAddress? {
    switch place {
    case .host:
      return container.networks.lazy.compactMap(\.address).first(where: networks.reaches)?
        .with(port: port)
    case .container(let own):
      let shared = Set(own.networks.map(\.id))
      return container.networks.lazy.filter { shared.contains($0.id) }.compactMap(\.address).first?
        .with(port: port)
    case .elsewhere:
      return nil
    }
  }

  /// True for the container that we are in.
  func isOwn(_ container: Container) -> Bool { own.matches(container.id) }

  /// True when these tell of our place, which isn't known yet: a whole list is due.
  func isDoubtful(after containers: [Container]) -> Bool {
    missesOwn && containers.contains(where: isOwn)
  }
}
