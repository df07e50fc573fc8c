import OAIRSys
import Testing

@testable import OAIRReactor

struct ReactorSpinTests {
  private static let spin: UInt64 = 100_000

  /// A reactor whose tick before had an event; each look at the clock takes 10 µs from here on.
  private func activeReactor(spin: UInt64 = spin) throws -> Reactor<ScriptedKernel> {
    var reactor = Reactor(kernel: ScriptedKernel(), capacity: 8)
    reactor.spin = spin
    _ = try reactor.add(5)
    reactor.script.report(5, .readable)
    _ = reactor.tick(limit: 0)
    reactor.script.timeouts = []
    reactor.script.step = 10_000
    return reactor
  }

  @Test func `after an event it polls for its time, then sleeps`() throws {
    var reactor = try activeReactor()
    _ = reactor.tick()
    let timeouts = reactor.script.timeouts
    #expect(timeouts.count == 11 && timeouts.dropLast().allSatisfy { $0 == 0 })
    #expect(timeouts.last == -1)
    let spins = reactor.spins
    #expect(spins.hits == 0 && spins.misses == 1)
  }

  @Test func `an event that comes while it polls is taken at once`() throws {
    var reactor = try activeReactor()
    reactor.script.eventsAfterWaits = 3
    reactor.script.report(5, .readable)
    let events = reactor.tick()
    #expect(events.count == 1 && reactor.script.timeouts == [0, 0, 0, 0])
    let spins = reactor.spins
    #expect(spins.hits == 1 && spins.misses == 0)
  }

  @Test func `nothing that isn't an event makes it poll`() throws {
    var reactor = try activeReactor()
    _ = reactor.tick()
    reactor.script.timeouts = []
    reactor.addTimer(at: reactor.now + 5_000_000, owner: 1)
    let first = reactor.tick()
    #expect(first == [.timer(owner: 1)] && reactor.script.timeouts == [5])
    _ = reactor.tick()
    #expect(reactor.script.timeouts == [5, -1])
  }

  @Test func `it polls no longer than until something is due`() throws {
    var reactor = try activeReactor(spin: 10_000_000)
    let due = reactor.now + 50_000
    reactor.addTimer(at: due, owner: 1)
    let events = reactor.tick()
    #expect(events == [.timer(owner: 1)])
    #expect(reactor.script.timeouts.allSatisfy { $0 == 0 })
    #expect(reactor.now >= due && reactor.now < due + 50_000)
  }

  @Test func `polling isn't counted as work`() throws {
    var reactor = try activeReactor()
    reactor.addTimer(at: reactor.now + 5_000_000, owner: 1)
    _ = reactor.tick()
    let turn = reactor.lastTurn
    #expect(turn == 10_000, "from the tick's start to the look at the clock before waiting")
  }

  @Test func `without it the thread sleeps at once`() throws {
    var reactor = try activeReactor(spin: 0)
    _ = reactor.tick()
    #expect(reactor.script.timeouts == [-1])
    let spins = reactor.spins
    #expect(spins == SpinCounts())
  }
}
