import Testing

@testable import OAIRDiscovery

struct ControlInboxTests {
  private func ids(_ commands: [ControlCommand]) -> [UInt64] {
    commands.compactMap { if case .cancel(let id) = $0 { id } else { nil } }
  }

  @Test func `commands come out once, in order`() throws {
    let inbox = try ControlInbox()
    for id in 1...3 as ClosedRange<UInt64> { #expect(inbox.submit(.cancel(id: id))) }
    #expect(ids(inbox.take()) == [1, 2, 3])
    #expect(inbox.take().isEmpty)
  }

  @Test func `a closed inbox hands out what it has and takes nothing more`() throws {
    let inbox = try ControlInbox()
    #expect(inbox.submit(.cancel(id: 1)))
    #expect(ids(inbox.close()) == [1])
    #expect(!inbox.submit(.cancel(id: 2)))
    #expect(inbox.take().isEmpty)
  }
}
