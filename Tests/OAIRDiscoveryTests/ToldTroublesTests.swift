import Testing

@testable import OAIRDiscovery

struct ToldTroublesTests {
  @Test func `a trouble is news when it is new or different, its end when it was told`() {
    var told = ToldTroubles()
    let changes: [(DiscoveryChange, Bool)] = [
      (.recovered(about: "a"), false), (.troubled("x", about: "a"), true),
      (.troubled("x", about: "a"), false), (.troubled("x", about: "b"), true),
      (.troubled("y", about: "a"), true), (.recovered(about: "a"), true),
      (.recovered(about: "a"), false), (.troubled("x", about: "b"), false),
      (.troubled("y", about: "a"), true), (.troubled("x"), true), (.troubled("x"), true),
      (.listed, true), (.listed, true),
    ]
    for (index, (change, isNews)) in changes.enumerated() {
      #expect(told.isNews(change) == isNews, "\(index)")
    }
  }
}
