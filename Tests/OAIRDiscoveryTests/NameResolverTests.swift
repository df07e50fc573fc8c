import OAIRDiscovery
import OAIRSys
import Testing

struct NameResolverTests {
  @Test func `localhost is this machine`() async {
    let addresses = await NameResolver.resolve(host: "localhost", port: 8000)
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 8000 })
    #expect(Set(addresses).count == addresses.count)
  }

  @Test func `numeric hosts are themselves`() async {
    #expect(
      await NameResolver.resolve(host: "192.0.2.1", port: 1) == [.ipv4(0xc000_0201, port: 1)]
    )
    #expect(
      await NameResolver.resolve(host: "2001:db8::1", port: 1)
        == [.ipv6(0x2001_0db8_0000_0000, 1, scope: 0, port: 1)]
    )
  }

  @Test func `what is no name has no address`() async {
    #expect(await NameResolver.resolve(host: "no such name", port: 1).isEmpty)
  }
}
