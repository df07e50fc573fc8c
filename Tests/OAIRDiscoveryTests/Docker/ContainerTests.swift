import OAIRSys
import Testing

@testable import OAIRDiscovery

struct ContainerTests {
  private static let labels = DockerLabels().keys

  private func list(_ text: String) -> (containers: [Container], isCut: Bool)? {
    Container.list(Array(text.utf8), labels: Self.labels)
  }

  @Test func `Docker's list is read`() throws {
    let containers = try #require(list(RecordedContainers.docker)).containers
    #expect(containers.map(\.name) == ["lc1", "ollama1", "vllm1"])
    #expect(containers.allSatisfy { $0.isRunning })
    #expect(containers.map(\.usesHostNetwork) == [true, false, false])
    #expect(containers[0].image == "ghcr.io/ggml-org/llama.cpp:server")
    #expect(containers[0].networks.map(\.address) == [nil])
    #expect(
      containers[1].ports == [
        Container.Port(inside: 11434, published: SocketAddress("0.0.0.0:11435")),
        Container.Port(inside: 11434, published: SocketAddress("[::]:11435")),
      ]
    )
    #expect(containers[1].networks.map(\.name) == ["bridge"])
    #expect(containers[1].networks[0].address == SocketAddress("172.17.0.3:0"))
    #expect(containers[1].networks[0].gateway == SocketAddress("172.17.0.1:0"))
    #expect(
      containers[2].ports == [
        Container.Port(inside: 8000, published: SocketAddress("127.0.0.1:18000"))
      ]
    )
    #expect(
      containers[2].labels == ["oairouter.enabled": "true", "oairouter.backend": "vllm"]
    )
  }

  @Test func `Podman's list is read`() throws {
    let containers = try #require(list(RecordedContainers.podman)).containers
    #expect(containers.map(\.name) == ["p2", "p1"])
    #expect(containers.map(\.usesHostNetwork) == [true, false])
    #expect(containers[1].networks[0].address == SocketAddress("10.88.0.4:0"))
    #expect(containers[1].image == "docker.io/vllm/vllm-openai:latest")
  }

  @Test(arguments: [
    "", "{}", "null", "[1", #"{"message":"no"}"#, "[{]", "[\"\u{0}\"]",
  ])
  func `anything else is no list`(text: String) {
    #expect(list(text) == nil)
  }

  @Test func `bytes that are no UTF-8 are no list`() {
    #expect(Container.list(Array("[\"".utf8) + [0xff] + Array("\"]".utf8), labels: []) == nil)
  }

  @Test(arguments: [
    "1", "null", "[]", "{}", #"{"Id":7}"#, #"{"Id":"short"}"#, #"{"Id":"0123456789AB"}"#,
    #"{"Id":"../../containers"}"#,
  ])
  func `a row that can't be understood is left out, the others stay`(row: String) throws {
    let good = #"{"Id":"0123456789ab"}"#
    let read = try #require(list("[\(row),\(good)]"))
    #expect(read.containers.map(\.id) == ["0123456789ab"])
    #expect(read.containers[0].name == "" && !read.containers[0].isRunning)
  }

  @Test func `what has the wrong type counts as absent`() throws {
    let row = """
      {"Id":"0123456789ab","Names":["/other/alias",3,"/own"],"Image":null,"State":["running"],
       "Labels":{"oairouter.enabled":true,"oairouter.port":"80","x":"y"},
       "Ports":[7,{"PrivatePort":"80"},{"PrivatePort":0},{"PrivatePort":65536},
        {"PrivatePort":53,"Type":"udp"},{"PrivatePort":80,"PublicPort":-1},
        {"PrivatePort":81,"PublicPort":8081,"IP":""}],
       "HostConfig":[],"NetworkSettings":{"Networks":{"a":1,"b":{"IPAddress":"nonsense"}}}}
      """
    let container = try #require(list("[\(row)]")).containers[0]
    #expect(container.name == "own" && container.image == "" && !container.isRunning)
    #expect(container.labels == ["oairouter.port": "80"])
    #expect(
      container.ports == [
        Container.Port(inside: 80, published: nil),
        Container.Port(inside: 81, published: SocketAddress("0.0.0.0:8081")),
      ]
    )
    #expect(container.networks == [Container.Network(name: "b", id: "b")])
    #expect(container.networkMode == nil)
  }

  @Test func `of the members of one name the last one counts`() throws {
    let read = list(#"[{"Id":"0123456789ab","Id":"0123456789ac","Image":"a","Image":"b"}]"#)
    let container = try #require(read).containers[0]
    #expect(container.id == "0123456789ac" && container.image == "b")
  }

  @Test func `a list has a bound, and says that it was longer`() throws {
    let rows = (0...DiscoveryLimits.containers).map { row in
      let digits = String(row, radix: 16)
      return #"{"Id":"\#(String(repeating: "0", count: 12 - digits.count))\#(digits)"}"#
    }
    let read = try #require(list("[\(rows.joined(separator: ","))]"))
    #expect(read.containers.count == DiscoveryLimits.containers && read.isCut)
    let one = try #require(list("[\(rows[0])]"))
    #expect(!one.isCut)
  }
}
