import OAIRDiscovery
import Testing

@testable import OAIRouter

struct DiscoveryTroublesTests {
  private let troubles = DiscoveryTroubles()

  private var told: [String] { troubles.all.map { "\($0.discoverer): \($0.reason)" } }

  @Test func `of each discoverer the last one is kept until it is over`() {
    troubles.take(.troubled("file", reason: "broken"))
    troubles.take(.troubled("docker", reason: "not there"))
    troubles.take(.troubled("file", reason: "gone"))
    troubles.take(.listed("file"))
    #expect(told == ["docker: not there", "file: gone"])
    troubles.take(.recovered("file"))
    #expect(told == ["docker: not there"])
    troubles.take(.watching("/var/run/docker.sock", by: "docker"))
    #expect(told.isEmpty)
  }

  @Test func `a long reason is cut`() {
    troubles.take(.troubled("file", reason: String(repeating: "x", count: 5000)))
    #expect(troubles.all[0].reason.count == DiscoveryTroubles.reasonLength)
  }
}
