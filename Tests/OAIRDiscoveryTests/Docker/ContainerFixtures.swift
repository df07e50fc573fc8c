import OAIRSys

@testable import OAIRDiscovery

/// 12 hexadecimal digits of a number.
func containerID(_ number: Int) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 12 - digits.count) + digits
}

extension Container {
  /// A running vLLM container on Docker's usual bridge.
  static func running(
    _ number: Int,
    _ name: String = "v",
    image: String = "vllm/vllm-openai:latest",
    labels: [String: String] = [:],
    ports: [Port] = [],
    address: String? = "172.17.0.2",
    network: String = "bridge",
    mode: String? = "default"
  ) -> Container {
    Container(
      id: containerID(number),
      name: name,
      image: image,
      isRunning: true,
      labels: labels,
      ports: ports,
      networks: [
        Network(
          name: network,
          id: "id-of-\(network)",
          address: address.flatMap { SocketAddress(host: $0, port: 0) },
          gateway: SocketAddress(host: "172.17.0.1", port: 0)
        )
      ],
      networkMode: mode
    )
  }

  /// The same on the host's network.
  static func onHost(_ number: Int, _ name: String = "h", labels: [String: String] = [:])
    -> Container
  {
    var container = running(number, name, labels: labels, address: nil, network: "host")
    container.networkMode = "host"
    return container
  }
}

extension Container.Port {
  init(_ inside: UInt16, at published: String) {
    self.init(inside: inside, published: SocketAddress(published))
  }
}

extension DockerVantage {
  /// On the engine's machine, which is on its bridge.
  static let onHost = vantage(engine: .unix("/x"))

  static func vantage(
    engine: SocketAddress,
    containers: [Container] = [],
    own: [String] = [],
    defaultHost: String? = nil
  ) -> DockerVantage {
    DockerVantage(
      engine: engine,
      containers: containers,
      own: OwnContainer(candidates: own),
      networks: LocalNetworks(
        ranges: ["127.0.0.0/8", "172.17.0.0/16", "192.168.1.0/24"].compactMap { AddressRange($0) },
        addresses: ["127.0.0.1", "172.17.0.1", "192.168.1.5"].compactMap {
          SocketAddress(host: $0, port: 0)
        }
      ),
      defaultHost: defaultHost
    )
  }
}
