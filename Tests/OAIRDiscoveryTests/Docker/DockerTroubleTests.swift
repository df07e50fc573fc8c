import Glibc
import OAIRSys
import Testing

@testable import OAIRDiscovery

struct DockerTroubleTests {
  private static let failures: [ControlFailure] = [
    .refused, .denied, .unreachable, .timedOut, .closed, .malformed, .status(403), .tooLarge,
    .exhausted, .cancelled, .stopped, .invalidRequest,
  ]

  @Test(arguments: failures)
  func `every failure has a text of one line that names the engine`(failure: ControlFailure) {
    for endpoint in [DockerEndpoint(.unix("/run/x.sock")), DockerEndpoint(.loopback(port: 2375))] {
      let text = DockerTrouble.text(failure, endpoint)
      #expect(text.contains("/run/x.sock") || text.contains("127.0.0.1:2375"))
      #expect(!text.contains("\n"))
    }
  }

  @Test func `a socket that isn't ours names the group that it belongs to`() throws {
    let path = socketPath()
    let server = try ScriptedServer(path: path) { _ in .reset }
    defer {
      server.stop()
      unlink(path)
    }
    // The group of the kernel's number 0 has no use; 1 is `daemon` on every Debian.
    try #require(chown(path, 0, 1) == 0 || geteuid() != 0)
    chmod(path, 0o660)
    var status = stat()
    stat(path, &status)
    let text = DockerTrouble.text(.denied, DockerEndpoint(.unix(path)))
    let group = getgrgid(status.st_gid).map { String(cString: $0.pointee.gr_name) } ?? ""
    #expect(text.contains("permission denied on \(path)"))
    #expect(
      group == "root" ? text.contains("only root") : text.contains("sudo usermod -aG \(group) ")
    )
    chmod(path, 0o600)
    #expect(DockerTrouble.text(.denied, DockerEndpoint(.unix(path))).contains("only root"))
  }
}
