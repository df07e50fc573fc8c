import OAIRSys
import Testing

@testable import OAIRDiscovery

struct LocalNetworksTests {
  @Test func `this machine's own networks are told`() throws {
    let networks = LocalNetworks.current()
    #expect(networks.reaches(.loopback(port: 1)))
    #expect(networks.addresses.contains(.loopback(port: 0)))
  }

  @Test func `reaching a network isn't being at an address`() throws {
    let networks = LocalNetworks(
      ranges: [try #require(AddressRange("172.17.0.0/16"))],
      addresses: [.ipv4(0xac11_0001, port: 0)]
    )
    #expect(networks.reaches(.ipv4(0xac11_0005, port: 80)))
    #expect(!networks.has(.ipv4(0xac11_0005, port: 80)))
    #expect(networks.has(.ipv4(0xac11_0001, port: 80)))
    #expect(!networks.reaches(.ipv4(0xac12_0005, port: 80)))
    #expect(networks.has(.ipv4(0x7f01_0203, port: 80)), "all of 127.0.0.0/8 is this machine")
  }
}
