import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRDiscovery

struct ContainerMappingTests {
  private func map(
    _ container: Container,
    _ vantage: DockerVantage = .onHost,
    _ change: (inout DockerOptions) -> Void = { _ in }
  ) -> ContainerMapping.Result {
    var options = DockerOptions()
    change(&options)
    return ContainerMapping(options: options, vantage: vantage).map(container)
  }

  private func backend(_ result: ContainerMapping.Result) -> String {
    switch result {
    case .backend(let backend): "\(backend.id) \(backend.kind) \(backend.endpoint.address)"
    case .unresolved(let configured): "\(configured.id) \(configured.url)"
    case .skipped(let skip): "skipped: \(skip.reason)"
    }
  }

  private func reason(_ result: ContainerMapping.Result) -> String {
    if case .skipped(let skip) = result { skip.reason } else { "a backend" }
  }

  @Test func `the recorded containers of Docker and Podman become backends`() throws {
    for (text, expected) in [
      (
        RecordedContainers.docker,
        [
          "llamacpp-lc1 llamacpp 127.0.0.1:8080", "ollama-ollama1 ollama 127.0.0.1:11435",
          "vllm-vllm1 vllm 127.0.0.1:18000",
        ]
      ),
      (
        RecordedContainers.podman,
        ["vllm-p2 vllm 127.0.0.1:8000", "vllm-p1 vllm 127.0.0.1:18001"]
      ),
    ] {
      let list = try #require(Container.list(Array(text.utf8), labels: DockerLabels().keys))
      #expect(list.containers.map { backend(map($0)) } == expected)
    }
  }

  @Test func `each image of the table has its engine and port`() {
    for (image, expected) in [
      ("vllm/vllm-openai:v1", "vllm-v vllm 172.17.0.2:8000"),
      ("nvcr.io/nvidia/vllm:25", "vllm-v vllm 172.17.0.2:8000"),
      ("ollama/ollama", "ollama-v ollama 172.17.0.2:11434"),
      ("ghcr.io/ggerganov/llama.cpp:server", "llamacpp-v llamacpp 172.17.0.2:8080"),
      ("ghcr.io/ggml-org/llama.cpp:server", "llamacpp-v llamacpp 172.17.0.2:8080"),
      ("lmsysorg/sglang:latest", "sglang-v sglang 172.17.0.2:30000"),
    ] {
      #expect(backend(map(.running(1, image: image))) == expected)
    }
  }

  @Test func `labels decide over images`() {
    let off = ["oairouter.enabled": "false"]
    #expect(reason(map(.running(1, labels: off))).contains("oairouter.enabled"))
    let on = ["oairouter.enabled": "true", "oairouter.port": "9"]
    #expect(
      backend(map(.running(1, image: "mine", labels: on))) == "generic-v auto 172.17.0.2:9"
    )
    let all = on.merging(["oairouter.backend": "sglang"]) { $1 }
    #expect(backend(map(.running(1, image: "mine", labels: all))) == "sglang-v sglang 172.17.0.2:9")
    #expect(
      backend(map(.running(1, labels: ["oairouter.port": "7"]))) == "vllm-v vllm 172.17.0.2:7"
    )
    #expect(reason(map(.running(1, labels: ["oairouter.port": "x"]))).contains("oairouter.port"))
  }

  @Test func `models, weight and priority come from labels`() throws {
    let labels = [
      "oairouter.model": "a,b", "oairouter.weight": "3", "oairouter.priority": "2",
    ]
    guard case .backend(let backend) = map(.running(1, labels: labels)) else {
      Issue.record("no backend")
      return
    }
    #expect(backend.models.map(\.id) == ["a", "b"] && backend.isModelListFixed)
    #expect(backend.weight == 3 && backend.priority == 2 && backend.source == .docker)
  }

  @Test func `other containers are of no interest`() {
    guard case .skipped(let skip) = map(.running(1, "db", image: "postgres:17")) else {
      Issue.record("a backend")
      return
    }
    #expect(skip.isUnrelated && skip.subject == "db" && skip.reason.contains("postgres:17"))
    #expect(reason(map(.running(1)) { $0.usesKnownImages = false }).contains("no rule"))
  }

  @Test func `the port is the label's, else the rule's, else the only one`() {
    let on = ["oairouter.enabled": "true"]
    let one = [Container.Port(80, at: "127.0.0.1:8080")]
    let two = one + [Container.Port(inside: 90, published: nil)]
    #expect(
      backend(map(.running(1, image: "mine", labels: on, ports: one)))
        == "generic-v auto 127.0.0.1:8080"
    )
    #expect(reason(map(.running(1, image: "mine", labels: on, ports: two))).contains("2 ports"))
    #expect(reason(map(.running(1, image: "mine", labels: on))).contains("no port"))
    // The rule's port isn't published, another one is: that's where the server was told to listen.
    #expect(backend(map(.running(1, ports: two))) == "vllm-v vllm 127.0.0.1:8080")
    let exposed = [Container.Port(inside: 8000, published: nil)]
    #expect(backend(map(.running(1, ports: exposed))) == "vllm-v vllm 172.17.0.2:8000")
  }

  @Test func `a port published for both families is reached by IPv4`() {
    let ports = [Container.Port(8000, at: "[::]:1"), Container.Port(8000, at: "0.0.0.0:1")]
    #expect(backend(map(.running(1, ports: ports))) == "vllm-v vllm 127.0.0.1:1")
    #expect(backend(map(.running(1, ports: [ports[0]]))) == "vllm-v vllm [::1]:1")
  }

  @Test func `in a container the shared network comes first, then what is published`() {
    let own = Container.running(9, "router", network: "front")
    let inside = DockerVantage.vantage(engine: .unix("/x"), containers: [own], own: [own.id])
    let ports = [Container.Port(8000, at: "0.0.0.0:1")]
    #expect(
      backend(map(.running(1, ports: ports, address: "10.9.0.3", network: "front"), inside))
        == "vllm-v vllm 10.9.0.3:8000"
    )
    #expect(backend(map(.running(1, ports: ports), inside)) == "vllm-v vllm 172.17.0.1:1")
    #expect(reason(map(.running(1), inside)).contains("shares no network"))
    #expect(backend(map(.onHost(1), inside)) == "vllm-h vllm 172.17.0.1:8000")
    #expect(reason(map(own, inside)).contains("this router"))
  }

  @Test func `what can't be reached is refused with what to do`() {
    let away = DockerVantage.vantage(engine: .ipv4(0xc633_6401, port: 2375))
    #expect(reason(map(.running(1), away)).contains("isn't published"))
    let loopback = [Container.Port(8000, at: "127.0.0.1:1")]
    #expect(reason(map(.running(1, ports: loopback), away)).contains("another machine's loopback"))
    #expect(reason(map(.running(1, address: "10.9.0.3"))).contains("-p 127.0.0.1:8000:8000"))
    let shared = Container.running(1, address: nil, mode: "container:abc")
    #expect(reason(map(shared)).contains("another container's network"))
    #expect(backend(map(.onHost(1), away)) == "vllm-h vllm 198.51.100.1:8000")
  }

  @Test func `a url label is taken as it is, but for unix sockets`() {
    func labelled(_ url: String) -> Container { .running(1, labels: ["oairouter.url": url]) }
    #expect(backend(map(labelled("http://10.0.0.7:9/v1"))) == "vllm-v vllm 10.0.0.7:9")
    #expect(backend(map(labelled("http://gpu:9"))) == "vllm-v http://gpu:9")
    for url in ["unix:/var/run/docker.sock", "UNIX:///x"] {
      #expect(reason(map(labelled(url))).contains("unix socket"))
    }
    for url in ["https://a", "ftp://a", "http://a b", "http://10.0.0.256"] {
      #expect(reason(map(labelled(url))).contains("oairouter.url"))
    }
  }

  @Test func `an address outside of the allowed ranges is refused`() {
    let allow: (inout DockerOptions) -> Void = {
      $0.allowed = ["127.0.0.0/8", "10.0.0.0/8"].compactMap { AddressRange($0) }
    }
    let ports = [Container.Port(8000, at: "127.0.0.1:1")]
    #expect(backend(map(.running(1, ports: ports), .onHost, allow)) == "vllm-v vllm 127.0.0.1:1")
    let refused = reason(map(.running(1), .onHost, allow))
    #expect(refused.contains("172.17.0.2:8000") && refused.contains("127.0.0.0/8, 10.0.0.0/8"))
    let url = ["oairouter.url": "http://192.0.2.1:1"]
    #expect(reason(map(.running(1, labels: url), .onHost, allow)).contains("192.0.2.1"))
  }

  @Test(arguments: ["", "a b", "a\nb", "ä", "a\u{1b}[31m", String(repeating: "x", count: 200)])
  func `names that can't stand in a header are refused`(name: String) {
    #expect(reason(map(.running(1, name))).contains("name"))
  }

  @Test func `one that doesn't run is none`() {
    var container = Container.running(1)
    container.isRunning = false
    #expect(reason(map(container)).contains("doesn't run"))
  }
}
