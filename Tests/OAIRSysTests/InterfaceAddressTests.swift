import OAIRSys
import Testing

struct InterfaceAddressTests {
  @Test func `loopback is there, with its network's size`() {
    #expect(
      InterfaceAddress.all().contains { $0.address == .loopback(port: 0) && $0.prefixLength == 8 }
    )
  }
}
