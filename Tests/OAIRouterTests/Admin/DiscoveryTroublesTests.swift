import OAIRDiscovery
import OAIRSys
import Synchronization
import Testing

@testable import OAIRouter

struct DiscoveryTroublesTests {
  /// It is always another second.
  private final class Clock: Sendable {
    private let time = Atomic<Int>(0)
    func next() -> Int { time.add(1, ordering: .relaxed).newValue }
  }

  private let troubles: DiscoveryTroubles

  init() {
    let clock = Clock()
    troubles = DiscoveryTroubles { clock.next() }
  }

  private var told: [String] {
    troubles.all.oldest.map { "\($0.discoverer) \($0.about): \($0.reason), \($0.toldAt)" }
  }

  private func trouble(_ discoverer: String, _ reason: String, about subject: String?) {
    troubles.take(.troubled(discoverer, reason: reason, about: subject))
  }

  @Test func `a mistake in a file and a name without an address end each for itself`() {
    trouble("file", "broken", about: "f.yaml")
    trouble("file", "no address", about: "gpu")
    #expect(told == ["file f.yaml: broken, 1", "file gpu: no address, 2"])
    troubles.take(.recovered("file", about: "f.yaml"))
    #expect(told == ["file gpu: no address, 2"])
    // Another discoverer's is another one.
    troubles.take(.recovered("static", about: "gpu"))
    troubles.take(.watching("f.yaml", by: "file"))
    troubles.take(.listed("file"))
    #expect(told == ["file gpu: no address, 2"])
    troubles.take(.recovered("file", about: "gpu"))
    #expect(troubles.all == DiscoveryTroubles.Summary(oldest: [], count: 0))
  }

  @Test func `of two services one that is well again leaves the other one`() {
    trouble("dns", "timeout", about: "one")
    trouble("dns", "timeout", about: "two")
    troubles.take(.recovered("dns", about: "one"))
    #expect(told == ["dns two: timeout, 2"])
  }

  @Test func `a reason that is told again keeps its time, another one has its own`() {
    trouble("file", "broken", about: "f.yaml")
    trouble("dns", "timeout", about: "one")
    trouble("file", "broken", about: "f.yaml")
    #expect(told == ["file f.yaml: broken, 1", "dns one: timeout, 2"])
    trouble("file", "gone", about: "f.yaml")
    #expect(told == ["dns one: timeout, 2", "file f.yaml: gone, 4"])
  }

  @Test func `what has happened, and doesn't end, is for the log alone`() {
    trouble("docker", "3 events can't be read", about: nil)
    #expect(told.isEmpty)
  }

  @Test func `the oldest are shown, the others are counted, and have room later`() {
    let most = DiscoveryTroubles.shown
    for number in 1...(most + 2) { trouble("file", "no address", about: "a\(number)") }
    #expect(troubles.all.count == most + 2)
    #expect(troubles.all.oldest.map(\.about) == (1...most).map { "a\($0)" })
    troubles.take(.recovered("file", about: "a1"))
    troubles.take(.recovered("file", about: "a\(most + 2)"))
    #expect(troubles.all.count == most)
    #expect(troubles.all.oldest.map(\.about) == (2...(most + 1)).map { "a\($0)" })
  }

  @Test func `a long reason is cut`() {
    trouble("file", String(repeating: "x", count: 5000), about: "f.yaml")
    #expect(troubles.all.oldest.first?.reason.count == DiscoveryTroubles.reasonLength)
  }
}
