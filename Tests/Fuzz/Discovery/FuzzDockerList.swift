import OAIRRouting
import OAIRSys

@testable import OAIRDiscovery

/// Whatever a container engine lists, what becomes of it is sound.
///
/// Input: the body of GET /containers/json.
enum FuzzDockerList {
  static var target: FuzzTarget {
    FuzzTarget("docker-list") { input, _ in check(input) }
  }

  private static func check(_ input: UnsafeRawBufferPointer) {
    let body = Array(input)
    let options = DockerOptions()
    guard let (containers, _) = Container.list(body, labels: options.labels.keys) else { return }
    let vantage = DockerVantage(
      engine: .unix("/x"),
      containers: containers,
      own: OwnContainer(candidates: ["0123456789ab"]),
      networks: LocalNetworks(
        ranges: [AddressRange("172.17.0.0/16")].compactMap { $0 },
        addresses: []
      )
    )
    let mapping = ContainerMapping(options: options, vantage: vantage)
    for container in containers {
      require(Container.isID(container.id), "an id fit for requests")
      guard case .backend(let backend) = mapping.map(container) else { continue }
      check(backend)
    }
    var ledger = ContainerLedger()
    _ = ledger.wantAll()
    var known: Set<String> = []
    for step in ledger.take(answer: containers, mapping) {
      guard case .tell(.appeared(let backend)) = step else { continue }
      require(known.insert(backend.id).inserted, "told once")
      check(backend)
    }
    _ = ledger.wantAll()
    for step in ledger.take(answer: containers, mapping) {
      if case .tell(.appeared) = step { require(false, "the same list brings nothing new") }
      if case .tell(.disappeared) = step { require(false, "the same list takes nothing away") }
    }
  }

  private static func check(_ backend: Backend) {
    var length = backend.id.utf8.count
    #if PLANTED_BUG
      if backend.endpoint.address.port ?? 0 > 20_000 { length = 0 }
    #endif
    require((1...RoutingLimits.backendID).contains(length), "an id")
    require(backend.id.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "fit for a header")
    require(backend.weight >= 1 && backend.source == .docker, "a source")
    require((backend.endpoint.address.port ?? 0) > 0, "no unix socket, no port 0")
  }
}
