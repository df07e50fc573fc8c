import OAIRRouting
import OAIRSys
import Testing

struct EndpointTests {
  @Test(arguments: [
    ("http://10.0.0.5:8000", "10.0.0.5:8000", "10.0.0.5:8000", ""),
    ("http://10.0.0.5", "10.0.0.5:80", "10.0.0.5", ""),
    ("HTTP://10.0.0.5:80/", "10.0.0.5:80", "10.0.0.5", ""),
    ("10.0.0.5:8000", "10.0.0.5:8000", "10.0.0.5:8000", ""),
    ("localhost:11434", "127.0.0.1:11434", "localhost:11434", ""),
    ("http://[::1]:8080/v1", "[::1]:8080", "[::1]:8080", ""),
    ("http://[::1]", "[::1]:80", "[::1]", ""),
    ("http://10.0.0.5:1/v1/", "10.0.0.5:1", "10.0.0.5:1", ""),
    ("http://10.0.0.5:1/x/v1", "10.0.0.5:1", "10.0.0.5:1", "/x"),
    ("http://10.0.0.5:1/x/y//", "10.0.0.5:1", "10.0.0.5:1", "/x/y"),
    ("http://10.0.0.5:1/xv1", "10.0.0.5:1", "10.0.0.5:1", "/xv1"),
    ("unix:/run/engine.sock", "unix:/run/engine.sock", "localhost", ""),
    ("unix:///run/engine.sock", "unix:/run/engine.sock", "localhost", ""),
  ])
  func `a URL becomes an address, a Host field and a prefix`(
    url: String,
    address: String,
    host: String,
    prefix: String
  ) throws {
    let endpoint = try Endpoint(url: url)
    #expect(endpoint.address.description == address)
    #expect(endpoint.host == host)
    #expect(endpoint.pathPrefix == prefix)
  }

  @Test(arguments: [
    ("http://gpu-1.lan:8000/v1", "gpu-1.lan", UInt16(8000)), ("gpu-1", "gpu-1", 80),
  ])
  func `a name is left to the resolver`(url: String, host: String, port: UInt16) throws {
    #expect(throws: EndpointError.needsResolution(host: host, port: port)) {
      try Endpoint(url: url)
    }
    let resolved = try Endpoint(url: url, address: .ipv4(0x0a00_0001, port: port))
    #expect(resolved.address == .ipv4(0x0a00_0001, port: port))
    #expect(resolved.host == (port == 80 ? host : "\(host):\(port)"))
    #expect(resolved.pathPrefix == "")
  }

  @Test func `https is refused by name`() {
    #expect(throws: EndpointError.tlsNotBuiltIn) { try Endpoint(url: "https://10.0.0.5") }
  }

  @Test(arguments: [
    "", "http://", "ftp://10.0.0.5", "http://10.0.0.5:0", "http://10.0.0.5:65536",
    "http://10.0.0.5:80x", "http://10.0.0.5:", "http://u@10.0.0.5", "http://10.0.0.5/?q",
    "http://10.0.0.5/#f", "http://10.0.0.256", "http://[::1", "http://[fe80::zz]:1",
    "http://a b", "http://a\r\nX: y", "http://ü.de", "http://a,b", "unix:relative", "unix:",
    "unix:/" + String(repeating: "x", count: 108), "http://1.2.3.4:5:6",
  ])
  func `anything else is refused with a reason`(url: String) throws {
    do {
      _ = try Endpoint(url: url)
      Issue.record("accepted: \(url)")
    } catch EndpointError.malformed(let reason) {
      #expect(!reason.isEmpty)
    }
  }

  @Test func `the Host field of an address leaves port 80 out`() {
    #expect(Endpoint(address: .loopback(port: 80)).host == "127.0.0.1")
    #expect(Endpoint(address: .loopback(port: 81)).host == "127.0.0.1:81")
    #expect(Endpoint(address: .ipv6(0, 1, scope: 0, port: 80)).host == "[::1]")
    #expect(Endpoint(address: .unix("/x")).host == "localhost")
    #expect(Endpoint(address: .loopback(port: 1), pathPrefix: "/a/v1/").pathPrefix == "/a")
  }
}
