import OAIRDiscovery
import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRouter

struct AddedBackendsTests {
  private let registry = BackendRegistry { _ in }

  private func added(own: [SocketAddress] = [], _ addresses: [SocketAddress] = []) throws
    -> AddedBackends
  {
    AddedBackends(registry, try ControlClient(), own: own) { _, _ in addresses }
  }

  private func form(_ id: String, _ url: String) throws -> ConfiguredBackend {
    try ConfiguredBackend(id: id, url: url, source: .admin)
  }

  @Test func `a backend with an address is there at once, and can be replaced`() async throws {
    let added = try added()
    #expect(await added.add(try form("a", "http://127.0.0.1:1")) == .registered(.registered))
    #expect(await added.add(try form("a", "http://127.0.0.1:2")) == .registered(.updated))
    #expect(await registry.snapshot().map(\.backend.endpoint.address) == [.loopback(port: 2)])
    #expect(await added.remove("a"))
    #expect(await !added.remove("a"))
  }

  @Test func `a name is looked up first`() async throws {
    let added = try added([.loopback(port: 7)])
    #expect(await added.add(try form("a", "http://gpu:7")) == .registered(.registered))
    #expect(await registry.snapshot().map(\.backend.endpoint.host) == ["gpu:7"])
    await added.stop()
  }

  @Test func `a name without an address isn't taken`() async throws {
    let outcome = await (try added()).add(try form("a", "http://gpu:7"))
    guard case .unresolved(let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.contains("gpu"))
    #expect(await registry.snapshot().isEmpty)
  }

  @Test(arguments: ["http://127.0.0.1:9", "http://me:9"])
  func `this router itself isn't taken`(url: String) async throws {
    let own = SocketAddress.loopback(port: 9)
    let outcome = await (try added(own: [own], [own])).add(try form("a", url))
    guard case .registered(.refused(let reason)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.contains("127.0.0.1:9"))
  }

  @Test func `one that the command line gave stays as it is`() async throws {
    let flag = Backend(id: "a", endpoint: Endpoint(address: .loopback(port: 1)), source: .flag)
    await registry.register(flag)
    let outcome = await (try added()).add(try form("a", "http://127.0.0.1:2"))
    guard case .registered(.refused(let reason)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.contains("flag"))
  }
}
