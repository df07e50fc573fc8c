import Testing

@testable import OAIRProxy
@testable import OAIRReactor

/// What is kept of a connection begins with a cache line and ends with one: its first fields are
/// those that each piece of an answer needs.
@Suite struct ConnectionLayoutTests {
  private static let line = 64

  @Test func `a client's connection takes whole cache lines`() {
    #expect(MemoryLayout<Downstream>.stride == 2 * Self.line)
  }

  @Test func `a backend's connection takes whole cache lines`() {
    #expect(MemoryLayout<Upstream>.stride == 8 * Self.line)
  }

  @Test func `two registrations share a cache line`() {
    #expect(MemoryLayout<Registration>.stride * 2 == Self.line)
  }
}
