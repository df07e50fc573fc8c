import OAIRRouting
import OAIRSys

@testable import OAIRDiscovery

/// Labels, images and names are chosen by whoever starts a container.
///
/// Input: lines; the first is the image, the second the name, then the values of the labels in the
/// order of `DockerLabels.keys`.
enum FuzzDockerLabels {
  static var target: FuzzTarget {
    FuzzTarget("docker-labels") { input, _ in check(input) }
  }

  private static func check(_ input: UnsafeRawBufferPointer) {
    let text = String(decoding: input, as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var options = DockerOptions()
    if let pattern = lines.last {
      options.imageRules = [ImageRule(image: pattern, kind: .generic, port: 1)]
    }
    options.allowed = [AddressRange(lines.last ?? ""), AddressRange("0.0.0.0/0")].compactMap { $0 }
    var labels: [String: String] = [:]
    for (key, value) in zip(options.labels.keys, lines.dropFirst(2)) { labels[key] = value }
    let container = Container(
      id: "0123456789ab",
      name: lines.dropFirst().first ?? "",
      image: lines.first ?? "",
      isRunning: true,
      labels: labels,
      ports: [Container.Port(inside: 8000, published: .loopback(port: 9))]
    )
    let vantage = DockerVantage(
      engine: .unix("/x"),
      containers: [],
      own: OwnContainer(candidates: []),
      networks: LocalNetworks(ranges: [], addresses: [])
    )
    switch ContainerMapping(options: options, vantage: vantage).map(container) {
    case .backend(let backend):
      require((1...RoutingLimits.backendID).contains(backend.id.utf8.count), "an id")
      require(backend.id.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "fit for a header")
      require(backend.endpoint.host.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "a host")
      require(backend.endpoint.pathPrefix.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "a path")
      require((backend.endpoint.address.port ?? 0) > 0, "no unix socket, no port 0")
      var weight = backend.weight
      #if PLANTED_BUG
        if backend.models.count > 2 { weight = 0 }
      #endif
      require(weight >= 1, "a weight")
      require(backend.models.allSatisfy { $0.id.utf8.count <= RoutingLimits.modelName }, "names")
    case .unresolved(let configured):
      require(configured.name != nil, "a name")
    case .skipped(let skip):
      require(!skip.reason.isEmpty && skip.reason.utf8.count < 8_192, "a reason")
    }
  }
}
