import OAIRDiscovery
import OAIRSys
import Testing

struct AddressRangeTests {
  private func contains(_ range: String, _ host: String) throws -> Bool {
    let range = try #require(AddressRange(range))
    return range.contains(try #require(SocketAddress(host: host, port: 80)))
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
    ("10.1.2.3/8", "10.9.9.9", true), ("172.16.0.0/12", "172.31.255.255", true),
    ("172.16.0.0/12", "172.32.0.0", false), ("0.0.0.0/0", "203.0.113.7", true),
    ("0.0.0.0/0", "::1", false), ("127.0.0.1", "127.0.0.1", true),
    ("127.0.0.1", "127.0.0.2", false), ("192.0.2.1/32", "192.0.2.1", true),
    ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false),
    ("2001:db8:0:1::/64", "2001:db8:0:1:ffff::1", true),
    ("2001:db8:0:1::/64", "2001:db8:0:2::1", false),
    ("2001:db8::/127", "2001:db8::1", true), ("2001:db8::/127", "2001:db8::2", false),
    ("::1", "::1", true), ("::/0", "127.0.0.1", false),
    ("10.0.0.0/8", "::ffff:10.0.0.1", true), ("::ffff:10.0.0.1", "10.0.0.1", true),
  ])
  func `a range contains what its leading bits say`(
    range: String,
    host: String,
    isInside: Bool
  ) throws {
    #expect(try contains(range, host) == isInside)
  }

  @Test(arguments: [
    "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10/8",
    "localhost", "localhost/8", "example.com/8", "10.0.0.0/8/8", "10.0.0.0/99999999999999999999",
  ])
  func `what is no range is refused`(text: String) {
    #expect(AddressRange(text) == nil)
  }

  @Test func `a range is written as it is parsed, and a unix socket is in none`() throws {
    for (text, written) in [
      ("10.1.2.3/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("fd12::1/8", "fd00::/8"),
      ("::1", "::1/128"),
    ] {
      #expect(AddressRange(text)?.description == written)
    }
    #expect(AddressRange("0.0.0.0/0")?.contains(.unix("/x")) == false)
    #expect(AddressRange(.unix("/x"), prefixLength: 8) == nil)
  }
}
