import Testing

@testable import OAIRSys

struct MessageChannelTests {
  @Test func `texts stay whole and in order, and the end is told`() throws {
    let (ours, theirs) = try MessageChannel.pair()
    do {
      let theirs = theirs
      #expect(theirs.send("one") && theirs.send("two"))
    }
    #expect(ours.receive() == .message("one"))
    #expect(ours.receive(until: .now + .seconds(60)) == .message("two"))
    #expect(ours.receive(until: .now) == .timedOut)
    withExtendedLifetime(theirs) {}
  }

  @Test func `what was said before the end is heard`() throws {
    let ours = try {
      let (ours, theirs) = try MessageChannel.pair()
      theirs.send("last")
      return ours
    }()
    #expect(ours.receive() == .message("last"))
    #expect(ours.receive() == .closed)
    #expect(!ours.send("to nobody"))
  }

  @Test func `the last word of a reference is said before it closes`() throws {
    for _ in 0..<100 {
      let (ours, theirs) = try MessageChannel.pair()
      // A reference of this alone.
      final class Holder {
        var channel: MessageChannel?
        init(_ channel: MessageChannel) { self.channel = channel }
        func take() -> MessageChannel? {
          defer { channel = nil }
          return channel
        }
      }
      let holder = Holder(consume theirs)
      let isSent = holder.take()?.send("last")
      #expect(isSent == true && ours.receive() == .message("last"))
    }
  }

  @Test func `nothing comes in time`() throws {
    let (ours, theirs) = try MessageChannel.pair()
    let time = ContinuousClock().measure {
      #expect(ours.receive(until: .now + .milliseconds(30)) == .timedOut)
    }
    #expect(time >= .milliseconds(30))
    withExtendedLifetime(theirs) {}
  }

  @Test func `a text that is too long is cut`() throws {
    let (ours, theirs) = try MessageChannel.pair()
    #expect(theirs.send(String(repeating: "x", count: 5000)))
    #expect(
      ours.receive() == .message(String(repeating: "x", count: MessageChannel.longest))
    )
  }

  @Test func `nobody waits for one who doesn't read`() throws {
    let (ours, theirs) = try MessageChannel.pair()
    var sent = 0
    while ours.send(String(repeating: "x", count: 4000)), sent < 100_000 { sent += 1 }
    #expect(sent > 0 && sent < 100_000)
    withExtendedLifetime(theirs) {}
  }
}
