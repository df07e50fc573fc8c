import OAIRSys
import Testing

@testable import OAIRDiscovery

struct DockerVantageTests {
  private static let away = SocketAddress.ipv4(0xc633_6401, port: 2375)

  @Test func `a unix socket and this machine's own addresses are here, others elsewhere`() {
    for engine in ["unix:/x", "127.0.0.1:2375", "172.17.0.1:2375", "192.168.1.5:2375"] {
      #expect(SocketAddress(engine).map { DockerVantage.vantage(engine: $0).place } == .host)
    }
    #expect(DockerVantage.vantage(engine: Self.away).place == .elsewhere(host: "198.51.100.1"))
  }

  @Test func `in a container of the engine we are there, wherever the engine listens`() {
    let own = Container.running(1)
    for engine in [SocketAddress.unix("/x"), Self.away] {
      let vantage = DockerVantage.vantage(engine: engine, containers: [own], own: [own.id])
      #expect(vantage.place == .container(own) && vantage.isOwn(own))
      #expect(!vantage.isOwn(.running(2)))
    }
  }

  @Test func `in a container on the host's network we are on the host`() {
    let own = Container.onHost(1)
    let vantage = DockerVantage.vantage(engine: Self.away, containers: [own], own: [own.id])
    #expect(vantage.place == .host)
  }

  @Test func `published ports are reached as each place can`() {
    let own = Container.running(1)
    let host = DockerVantage.onHost
    let inside = DockerVantage.vantage(engine: .unix("/x"), containers: [own], own: [own.id])
    let away = DockerVantage.vantage(engine: Self.away)
    let cases: [(String, String?, String?, String?)] = [
      ("0.0.0.0:80", "127.0.0.1:80", "172.17.0.1:80", "198.51.100.1:80"),
      ("[::]:80", "[::1]:80", "172.17.0.1:80", "198.51.100.1:80"),
      ("127.0.0.1:80", "127.0.0.1:80", nil, nil), ("[::1]:80", "[::1]:80", nil, nil),
      ("192.168.1.5:80", "192.168.1.5:80", "192.168.1.5:80", "192.168.1.5:80"),
    ]
    for (published, fromHost, fromInside, fromAway) in cases {
      let address = SocketAddress(published) ?? .unix("")
      #expect(host.published(address)?.description == fromHost, "\(published)")
      #expect(inside.published(address)?.description == fromInside, "\(published)")
      #expect(away.published(address)?.description == fromAway, "\(published)")
    }
  }

  @Test func `a container's own address is used where its network is shared`() {
    let own = Container.running(1, network: "front")
    let inside = DockerVantage.vantage(engine: .unix("/x"), containers: [own], own: [own.id])
    let near = Container.running(2, address: "10.9.0.3", network: "front")
    let far = Container.running(3, address: "172.17.0.3", network: "back")
    #expect(inside.inside(near, port: 8)?.description == "10.9.0.3:8")
    #expect(inside.inside(far, port: 8) == nil)
    #expect(DockerVantage.onHost.inside(far, port: 8)?.description == "172.17.0.3:8")
    #expect(DockerVantage.onHost.inside(near, port: 8) == nil, "that bridge isn't this machine's")
    #expect(DockerVantage.vantage(engine: Self.away).inside(far, port: 8) == nil)
  }

  @Test func `a default host stands in for the engine's machine`() {
    let vantage = DockerVantage.vantage(engine: .unix("/x"), defaultHost: "10.0.0.9")
    #expect(vantage.hostAddress(port: 5)?.description == "10.0.0.9:5")
    #expect(vantage.published(.ipv4(0, port: 5))?.description == "10.0.0.9:5")
  }

  @Test func `a container that isn't listed as running yet is ours all the same`() {
    let own = Container.running(1)
    let other = Container.running(2)
    let vantage = DockerVantage.vantage(engine: Self.away, containers: [other], own: [own.id])
    #expect(vantage.isOwn(own) && !vantage.isOwn(other))
    #expect(!vantage.isDoubtful(after: [other]) && vantage.isDoubtful(after: [own]))
    let whole = DockerVantage.vantage(engine: Self.away, containers: [own, other], own: [own.id])
    #expect(!whole.isDoubtful(after: [own]) && whole.place == .container(own))
  }
}
