import Glibc
import OAIRSys
import Testing

@testable import OAIRDiscovery

struct DockerEndpointTests {
  @Test(arguments: [
    ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
    ("tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375"), ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
    ("tcp://[::1]:99/", "tcp://[::1]:99"), ("tcp://[::1]", "tcp://[::1]:2375"),
    ("http://10.0.0.1:80", "tcp://10.0.0.1:80"), ("TCP://proxy:2375", "tcp://proxy:2375"),
    ("tcp://docker-proxy", "tcp://docker-proxy:2375"), ("tcp://localhost:1", "tcp://127.0.0.1:1"),
  ])
  func `the forms of DOCKER_HOST are understood`(url: String, written: String) throws {
    #expect(try DockerEndpoint(url: url).description == written)
  }

  @Test(arguments: [
    "", "/var/run/docker.sock", "unix://", "unix://relative", "tcp://", "tcp://:2375", "tcp://a:0",
    "tcp://a:65536", "tcp://a:b", "tcp://a b:1", "tcp://a:1:2", "ssh://host", "fd://",
    "npipe:////x",
    "tcp://a/b", "tcp://10.0.0.1:0",
  ])
  func `other forms are refused`(url: String) {
    #expect(throws: DockerEndpointError.malformed(url)) { try DockerEndpoint(url: url) }
  }

  @Test func `TLS is refused by name`() {
    #expect(throws: DockerEndpointError.tlsNotBuiltIn("https://a:2376")) {
      try DockerEndpoint(url: "https://a:2376")
    }
    let error = DockerEndpointError.tlsNotBuiltIn("https://a:2376")
    #expect(error.description.contains("isn't built in"))
  }

  @Test func `the environment names the engine as for Docker's own client`() throws {
    func named(_ variables: [String: String]) throws -> String? {
      try DockerEndpoint.named { variables[$0] }?.description
    }
    #expect(try named([:]) == nil)
    #expect(try named(["DOCKER_HOST": ""]) == nil)
    #expect(try named(["DOCKER_HOST": "tcp://a:1"]) == "tcp://a:1")
    #expect(throws: DockerEndpointError.tlsNotBuiltIn("DOCKER_TLS_VERIFY=1")) {
      try named(["DOCKER_HOST": "tcp://a:1", "DOCKER_TLS_VERIFY": "1"])
    }
    #expect(
      try named(["DOCKER_HOST": "unix:///x", "DOCKER_TLS_VERIFY": "1"]) == "unix:///x",
      "a unix socket has no TLS"
    )
    #expect(try named(["DOCKER_TLS_VERIFY": "1"]) == nil)
  }

  @Test func `the user's own socket is found where the system's isn't`() throws {
    let folder = socketPath()
    mkdir(folder, 0o700)
    defer { rmdir(folder) }
    let path = folder + "/docker.sock"
    let server = try ScriptedServer(path: path) { _ in .reset }
    defer {
      server.stop()
      unlink(path)
    }
    let found = DockerEndpoint.found { $0 == "XDG_RUNTIME_DIR" ? folder : nil }
    let system = access("/var/run/docker.sock", F_OK) == 0
    #expect(found?.description == (system ? "unix:///var/run/docker.sock" : "unix://\(path)"))
  }
}
