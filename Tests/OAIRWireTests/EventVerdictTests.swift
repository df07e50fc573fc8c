import Testing

@testable import OAIRWire

@Suite struct EventVerdictTests {
  private func verdict(_ type: String, _ family: WireFamily) -> EventVerdict? {
    Array(type.utf8).withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { EventVerdict.ofType($0, 0..<buffer.count, family: family) }
    }
  }

  @Test(arguments: ["response.created", "response.queued", "response.in_progress"])
  func `responses begin in silence`(type: String) {
    #expect(verdict(type, .responses) == .silent)
    #expect(verdict(type + "x", .responses) == .content)
  }

  @Test(arguments: ["response.completed", "response.failed", "response.incomplete"])
  func `responses end in three ways`(type: String) {
    #expect(verdict(type, .responses) == .contentAndEnd)
    #expect(verdict(type, .messages) == .content)
  }

  @Test(arguments: ["message_start", "content_block_start", "ping"])
  func `messages begin in silence`(type: String) {
    #expect(verdict(type, .messages) == .silent)
    #expect(verdict(type, .responses) == .content)
  }

  @Test func `messages end with message_stop alone`() {
    #expect(verdict("message_stop", .messages) == .end)
    #expect(verdict("message_delta", .messages) == .content)
    #expect(verdict("content_block_stop", .messages) == .content)
  }

  @Test func `an unknown type is content`() {
    #expect(verdict("response.output_item.added", .responses) == .content)
    #expect(verdict("response.", .responses) == .content)
    #expect(verdict("keepalive", .responses) == .content)
  }

  @Test(arguments: [WireFamily.chat, .completions, .responses, .messages])
  func `error is an error in every family`(family: WireFamily) {
    #expect(verdict("error", family) == .error)
  }

  @Test func `in chat, other names say nothing`() {
    #expect(verdict("message", .chat) == EventVerdict.none)
  }
}
