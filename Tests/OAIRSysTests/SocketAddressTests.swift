import COAIRSys
import Glibc
import Testing

@testable import OAIRSys

struct SocketAddressTests {
  @Test(arguments: [
    ("127.0.0.1:11434", SocketAddress.ipv4(0x7f00_0001, port: 11434)),
    ("0.0.0.0:0", .ipv4(0, port: 0)),
    ("255.255.255.255:65535", .ipv4(0xffff_ffff, port: 65535)),
    ("10.1.2.3:080", .ipv4(0x0a01_0203, port: 80)),
    ("localhost:80", .ipv4(0x7f00_0001, port: 80)),
    ("[::1]:8080", .ipv6(0, 1, scope: 0, port: 8080)),
    ("[::]:1", .ipv6(0, 0, scope: 0, port: 1)),
    (
      "[2001:db8::ff00:42:8329]:443",
      .ipv6(0x2001_0db8_0000_0000, 0x0000_ff00_0042_8329, scope: 0, port: 443)
    ),
    ("[::ffff:127.0.0.1]:9", .ipv6(0, 0xffff_7f00_0001, scope: 0, port: 9)),
    ("unix:/run/x.sock", .unix("/run/x.sock")),
    ("unix:relative", .unix("relative")),
  ])
  func `what has a known form is parsed`(text: String, address: SocketAddress) {
    #expect(SocketAddress(text) == address)
  }

  @Test(arguments: [
    "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
    "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:99999999999999999999", "127.0.0:80", "1.2.3.4.5:80",
    "256.0.0.1:80", "01.2.3.400:80", "0x7f.0.0.1:80", " 127.0.0.1:80", "example.com:80",
    "localhost", "[::1]", "[::1:80", "::1]:80", "[]:80", "[127.0.0.1]:80", "[::1%lo]:80",
    "[g::]:80", "::1:80", "fe80::1:8080", "127.0.0.1\u{0}.example:80", "unix:", "unix:/a\u{0}b",
    "127.0.0.1:８０",
  ])
  func `anything else is refused`(text: String) {
    #expect(SocketAddress(text) == nil)
  }

  @Test func `a unix path must leave room for its final NUL`() {
    let longest = "/" + String(repeating: "x", count: 106)
    #expect(SocketAddress("unix:" + longest) == .unix(longest))
    #expect(SocketAddress("unix:" + longest + "x") == nil)
    // The bound counts bytes, not characters.
    #expect(SocketAddress("unix:/" + String(repeating: "é", count: 53)) != nil)
    #expect(SocketAddress("unix:/" + String(repeating: "é", count: 54)) == nil)
  }

  @Test(arguments: ["::1", "[::1]"])
  func `a host alone may be an IPv6 address with or without brackets`(host: String) {
    #expect(SocketAddress(host: host, port: 5) == .ipv6(0, 1, scope: 0, port: 5))
  }

  @Test(arguments: [
    (SocketAddress.ipv4(0x7f00_0001, port: 80), "127.0.0.1:80", "127.0.0.1"),
    (.ipv4(0xc0a8_00ff, port: 65535), "192.168.0.255:65535", "192.168.0.255"),
    (.ipv6(0, 1, scope: 0, port: 80), "[::1]:80", "::1"),
    (.ipv6(0xfe80 << 48, 0x1, scope: 3, port: 1), "[fe80::1]:1", "fe80::1"),
    (
      .ipv6(0x2001_0db8_0001_0002, 0x0003_0004_0005_0006, scope: 0, port: 2),
      "[2001:db8:1:2:3:4:5:6]:2", "2001:db8:1:2:3:4:5:6"
    ),
    (
      .ipv6(.max, .max, scope: 0, port: 3),
      "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:3", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    ),
    (.unix("/run/x.sock"), "unix:/run/x.sock", "unix"),
  ])
  func `it is printed as it is parsed`(address: SocketAddress, text: String, host: String) {
    #expect(address.description == text)
    #expect(address.host == host)
    if case .ipv6(_, _, scope: 3, _) = address { return }
    #expect(SocketAddress(text) == address)
  }

  @Test(arguments: [
    (SocketAddress.loopback(port: 1), true, false),
    (.ipv4(0x7fff_ffff, port: 1), true, false),
    (.ipv4(0x8000_0000, port: 1), false, false),
    (.ipv4(0x7eff_ffff, port: 1), false, false),
    (.ipv4(0, port: 1), false, true),
    (.ipv6(0, 1, scope: 0, port: 1), true, false),
    (.ipv6(0, 0, scope: 0, port: 1), false, true),
    (.ipv6(0, 2, scope: 0, port: 1), false, false),
    (.ipv6(1, 1, scope: 0, port: 1), false, false),
    (.ipv6(0, 0xffff_7f00_0001, scope: 0, port: 1), true, false),
    (.ipv6(0, 0xffff_0a00_0001, scope: 0, port: 1), false, false),
    (.ipv6(0, 0x1_ffff_7f00_0001, scope: 0, port: 1), false, false),
    (.unix("/x"), true, false),
  ])
  func `loopback and wildcard are told apart`(
    address: SocketAddress,
    isLoopback: Bool,
    isWildcard: Bool
  ) {
    #expect(address.isLoopback == isLoopback)
    #expect(address.isWildcard == isWildcard)
  }

  @Test func `the port can be read and replaced, where there is one`() {
    let v6 = SocketAddress.ipv6(1, 2, scope: 3, port: 4)
    #expect(v6.port == 4)
    #expect(v6.with(port: 5) == .ipv6(1, 2, scope: 3, port: 5))
    #expect(SocketAddress.loopback(port: 1).with(port: 9) == .loopback(port: 9))
    #expect(SocketAddress.unix("/x").with(port: 9) == .unix("/x"))
    #expect(SocketAddress.unix("/x").port == nil)
  }

  @Test(arguments: [
    SocketAddress.ipv4(0x0102_0304, port: 0x1234),
    .ipv6(0x0102_0304_0506_0708, 0x090a_0b0c_0d0e_0f10, scope: 7, port: 0x1234),
    .unix("/run/x.sock"), .unix("/" + String(repeating: "x", count: 106)), .unix(""),
  ])
  func `the kernel's form says the same`(address: SocketAddress) {
    let back = address.withSockaddr { pointer, length in
      var storage = sockaddr_storage()
      withUnsafeMutableBytes(of: &storage) {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
      }
      return SocketAddress(storage, length: length)
    }
    #expect(back == address)
  }

  @Test func `the kernel's form is in network byte order`() {
    SocketAddress.ipv4(0x7f00_0001, port: 0x1234).withSockaddr { pointer, length in
      let bytes = Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
      #expect(length == 16)
      #expect(Array(bytes[2..<8]) == [0x12, 0x34, 127, 0, 0, 1])
    }
  }

  @Test(arguments: [
    ("127.0.0.1:70000", "the port 70000 is too large"), ("[::1]:65536", "65536"),
    ("host:999999999999999999999999", "go up to 65535"), ("host:80", "names aren't resolved"),
    ("127.0.0.1", "host:port"), ("", "host:port"), ("127.0.0.1:", "host:port"),
    ("unix:", "1 to 107 bytes, not 0"),
    ("unix:/" + String(repeating: "x", count: 107), "1 to 107 bytes, not 108"),
  ])
  func `what is wrong with a text is told`(text: String, words: String) {
    #expect(SocketAddress.problem(in: text)?.contains(words) == true)
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:65535", "unix:/run/x.sock", "localhost:1"])
  func `nothing is wrong with an address`(text: String) {
    #expect(SocketAddress.problem(in: text) == nil)
  }

  @Test func `an unnamed or unknown peer has an empty path`() {
    var storage = sockaddr_storage()
    storage.ss_family = sa_family_t(AF_UNIX)
    #expect(SocketAddress(storage, length: 2) == .unix(""))
    storage.ss_family = sa_family_t(AF_NETLINK)
    #expect(SocketAddress(storage, length: 12) == .unix(""))
  }
}
