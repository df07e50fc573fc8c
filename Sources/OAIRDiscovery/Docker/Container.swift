import OAIRSys

/// What a container engine's list says of one container.
///
/// Everything in it may have been chosen by whoever started the container.
struct Container: Sendable, Equatable {
  /// A port, and where it is published.
  struct Port: Sendable, Equatable {
    var inside: UInt16
    /// nil when it isn't published.
    var published: SocketAddress?
  }

  /// A network that it is on.
  struct Network: Sendable, Equatable {
    var name: String
    var id: String
    /// Its address there, with port 0.
    var address: SocketAddress?
    /// The engine's machine, as seen from there.
    var gateway: SocketAddress?
  }

  var id: String
  var name: String
  var image: String
  var isRunning: Bool
  var labels: [String: String] = [:]
  /// TCP only.
  var ports: [Port] = []
  var networks: [Network] = []
  /// `host`, `default`, `container:…`, a network's name; nil when the engine doesn't say.
  var networkMode: String?

  var usesHostNetwork: Bool {
    networkMode == "host" || networks.contains { $0.name == "host" }
      // Podman says nothing at all.
      || (networkMode == nil && networks.isEmpty && ports.isEmpty)
  }
}

extension Container {
  /// Reads the answer of `GET /containers/json`.
  ///
  /// - Parameters:
  ///   - body: the whole body.
  ///   - labels: the names of the labels that are kept.
  /// - Returns: the containers, those that can't be understood left out, and whether the list was
  ///   longer than the limit; nil when it isn't such a list.
  static func list(_ body: [UInt8], labels: [String]) -> (containers: [Container], isCut: Bool)? {
    guard String(validating: body, as: UTF8.self) != nil else { return nil }
    return body.withUnsafeBytes { bytes in
      var slicer = JSONSlicer(bytes)
      guard let rows = slicer.elements() else { return nil }
      let kept = rows.prefix(DiscoveryLimits.containers)
      let containers = kept.compactMap { Container(JSONFields(bytes, in: $0), labels) }
      return (containers, rows.count > kept.count)
    }
  }

  private init?(_ row: JSONFields?, _ keptLabels: [String]) {
    guard let row, let id = row.string("Id"), Self.isID(id) else { return nil }
    self.id = id
    // A linked container has further names, with the other's before them.
    let names = row.array("Names").compactMap { row.string(at: $0) }
    let own = names.first { $0.dropFirst().contains("/") == false } ?? ""
    name = own.hasPrefix("/") ? String(own.dropFirst()) : own
    image = row.string("Image") ?? ""
    isRunning = row.string("State") == "running"
    if let all = row.object("Labels") {
      for key in keptLabels { labels[key] = all.string(key) }
    }
    ports = row.array("Ports").prefix(DiscoveryLimits.containerPorts).compactMap {
      Port(row.object(at: $0))
    }
    networkMode = row.object("HostConfig")?.string("NetworkMode")
    let all = row.object("NetworkSettings")?.object("Networks")
    networks = (all?.members ?? []).prefix(DiscoveryLimits.containerNetworks).compactMap {
      guard let network = all?.object(at: $0.value) else { return nil }
      return Network($0.key, network)
    }.sorted { $0.name < $1.name }
  }

  /// What is used in requests and as a key: 12 to 64 hexadecimal digits.
  static func isID(_ text: String) -> Bool {
    (12...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }
}

extension Container.Port {
  fileprivate init?(_ row: JSONFields?) {
    guard let row, row.string("Type") ?? "tcp" == "tcp", let inside = row.port("PrivatePort") else {
      return nil
    }
    self.inside = inside
    if let outside = row.port("PublicPort") {
      published =
        SocketAddress(host: row.string("IP") ?? "0.0.0.0", port: outside)
        // Podman leaves out what means every address.
        ?? .ipv4(0, port: outside)
    }
  }
}

extension Container.Network {
  fileprivate init(_ name: String, _ network: JSONFields) {
    func address(_ keys: [String]) -> SocketAddress? {
      keys.lazy.compactMap { network.string($0) }
        .compactMap { SocketAddress(host: $0, port: 0) }.first
    }
    self.name = name
    id = network.string("NetworkID") ?? name
    self.address = address(["IPAddress", "GlobalIPv6Address"])
    gateway = address(["Gateway", "IPv6Gateway"])
  }
}
