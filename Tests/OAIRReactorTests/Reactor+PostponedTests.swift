import OAIRSys
import Testing

@testable import OAIRReactor

@Suite struct ReactorPostponedTests {
  private func handle(_ event: ReactorEvent?) -> Handle? {
    guard case .ready(let handle, _, _) = event else { return nil }
    return handle
  }

  @Test func `those with bulk work are served in the order of their coming`() throws {
    var reactor = Reactor(kernel: ScriptedKernel(), capacity: 4)
    let handles = try (1...3).map { try reactor.add(Int32($0) + 4) }
    for handle in handles { reactor.postpone(handle) }
    reactor.postpone(handles[0])
    #expect(reactor.postponedCount == 3, "one that waits keeps its place")
    let turn1 = reactor.nextPostponed()
    #expect(handle(turn1) == handles[0])
    reactor.postpone(handles[0])
    let turn2 = reactor.nextPostponed()
    #expect(handle(turn2) == handles[1])
    let turn3 = reactor.nextPostponed()
    #expect(handle(turn3) == handles[2])
    let turn4 = reactor.nextPostponed()
    #expect(handle(turn4) == handles[0])
    let turn5 = reactor.nextPostponed()
    #expect(turn5 == nil)
    let isWaiting = reactor.hasPostponed
    #expect(!isWaiting)
  }

  @Test func `a tick doesn't block while one waits, and gives it no turn by itself`() throws {
    var reactor = Reactor(kernel: ScriptedKernel(), capacity: 4)
    let handle = try reactor.add(5)
    reactor.postpone(handle)
    reactor.wait()
    #expect(reactor.script.timeouts == [0])
    let event = reactor.nextEvent()
    #expect(event == nil)
    let isWaiting = reactor.hasPostponed
    #expect(isWaiting)
  }

  @Test func `one that was closed meanwhile has no turn`() throws {
    var reactor = Reactor(kernel: ScriptedKernel(), capacity: 4)
    let closed = try reactor.add(5)
    let other = try reactor.add(6)
    reactor.postpone(closed)
    reactor.postpone(other)
    reactor.beginClose(closed)
    reactor.endTick()
    let turn6 = reactor.nextPostponed()
    #expect(handle(turn6) == other)
    let turn7 = reactor.nextPostponed()
    #expect(turn7 == nil)
  }
}
