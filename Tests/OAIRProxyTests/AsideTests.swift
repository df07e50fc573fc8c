import Testing

@testable import OAIRProxy

struct AsideTests {
  @Test func `a value is changed in its place and moves with its owner`() {
    var aside = Aside(ProxyCounters())
    aside.value.requests += 2
    aside.value.attempts = 7
    var moved = aside
    moved.value.requests += 1
    let seen = (moved.value.requests, moved.value.attempts)
    #expect(seen == (3, 7))
    #expect(MemoryLayout<Aside<ProxyCounters>>.size == MemoryLayout<Int>.size)
  }
}
