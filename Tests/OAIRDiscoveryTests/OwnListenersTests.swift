import OAIRSys
import Testing

@testable import OAIRDiscovery

struct OwnListenersTests {
  @Test func `the listener's own address is its own, another port or host isn't`() {
    let own = OwnListeners([.loopback(port: 11434), .unix("/run/a.sock")])
    #expect(own.contains(.loopback(port: 11434)))
    #expect(own.contains(.unix("/run/a.sock")))
    #expect(own.contains(.ipv4(0, port: 11434)), "0.0.0.0 connects to loopback")
    #expect(!own.contains(.loopback(port: 11435)))
    #expect(!own.contains(.ipv4(0x7f00_0002, port: 11434)))
    #expect(!own.contains(.unix("/run/b.sock")))
    #expect(!OwnListeners([]).contains(.loopback(port: 11434)))
  }

  @Test func `a listener of all addresses is at each of this machine's`() {
    for wildcard in [SocketAddress.ipv4(0, port: 80), .ipv6(0, 0, scope: 0, port: 80)] {
      let own = OwnListeners([wildcard])
      #expect(own.contains(.loopback(port: 80)))
      #expect(!own.contains(.loopback(port: 81)))
      // TEST-NET-3 (RFC 5737) is nobody's.
      #expect(!own.contains(.ipv4(0xcb00_7107, port: 80)))
    }
  }
}
