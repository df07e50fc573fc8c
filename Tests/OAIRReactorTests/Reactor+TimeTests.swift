import OAIRSys
import Testing

@testable import OAIRReactor

struct ReactorTimeTests {
  private let millisecond: UInt64 = 1_000_000

  private func reactor() -> Reactor<ScriptedKernel> {
    Reactor(kernel: ScriptedKernel(), capacity: 64)
  }

  /// Ticks until something comes; a reactor that waits for ever has nothing to come.
  private func nextEvents(_ reactor: inout Reactor<ScriptedKernel>) -> [ReactorEvent] {
    for _ in 0..<1000 {
      let events = reactor.tick()
      if !events.isEmpty || reactor.script.timeouts.last == -1 { return events }
    }
    return []
  }

  @Test func `a deadline is delivered once and then cleared`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5, owner: 7)
    let deadline = reactor.now + 250 * millisecond
    reactor.setDeadline(handle, at: deadline)
    let events = nextEvents(&reactor)
    #expect(events == [.deadline(handle, owner: 7)])
    let now = reactor.now
    #expect(now >= deadline && now <= deadline + DeadlineSweep.interval)
    let later = nextEvents(&reactor)
    #expect(later == [] && reactor.script.timeouts.last == -1)
  }

  @Test func `a deadline that was moved is delivered at its new time only`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5)
    reactor.setDeadline(handle, at: reactor.now + 200 * millisecond)
    let moved = reactor.now + 900 * millisecond
    reactor.setDeadline(handle, at: moved)
    let events = nextEvents(&reactor)
    let now = reactor.now
    #expect(events == [.deadline(handle, owner: 0)])
    #expect(now >= moved && now <= moved + DeadlineSweep.interval)
  }

  @Test func `one that is moved in the very tick in which it is due isn't delivered`() throws {
    var reactor = reactor()
    let first = try reactor.add(5, owner: 1)
    let second = try reactor.add(6, owner: 2)
    reactor.setDeadline(first, at: reactor.now + 200 * millisecond)
    reactor.setDeadline(second, at: reactor.now + 200 * millisecond)
    reactor.script.now += 300 * millisecond
    reactor.script.report(5, .readable)
    reactor.wait()
    let event = reactor.nextEvent()
    #expect(event == .ready(first, owner: 1, .readable))
    let moved = reactor.now + 400 * millisecond
    reactor.setDeadline(first, at: moved)
    let next = reactor.nextEvent()
    #expect(next == .deadline(second, owner: 2))
    let last = reactor.nextEvent()
    #expect(last == nil)
    reactor.endTick()
    let events = nextEvents(&reactor)
    let now = reactor.now
    #expect(events == [.deadline(first, owner: 1)] && now >= moved)
  }

  @Test func `one that is closed in the very tick in which it is due isn't delivered`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5)
    reactor.setDeadline(handle, at: reactor.now)
    reactor.script.report(5, .readable)
    reactor.wait()
    _ = reactor.nextEvent()
    reactor.beginClose(handle)
    let next = reactor.nextEvent()
    #expect(next == nil)
  }

  @Test func `a cancelled deadline is never delivered, and the reactor sleeps for ever`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5)
    reactor.setDeadline(handle, at: reactor.now + 200 * millisecond)
    reactor.setDeadline(handle, at: .max)
    let events = nextEvents(&reactor)
    #expect(events == [] && reactor.script.timeouts.last == -1)
  }

  @Test func `nobody's deadline costs no wake-up`() throws {
    var reactor = reactor()
    _ = try reactor.add(5)
    let handle = try reactor.add(6)
    reactor.setDeadline(handle, at: .max)
    _ = reactor.tick()
    #expect(reactor.script.timeouts == [-1])
  }

  @Test func `a deadline can be armed again from its own event`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5)
    reactor.setDeadline(handle, at: reactor.now + 10 * millisecond)
    for _ in 0..<5 {
      let events = nextEvents(&reactor)
      #expect(events == [.deadline(handle, owner: 0)])
      reactor.setDeadline(handle, at: reactor.now + 10 * millisecond)
    }
  }

  @Test func `one in the past is delivered within the sweep's interval`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5)
    _ = reactor.tick(limit: 50 * millisecond)
    let start = reactor.now
    reactor.setDeadline(handle, at: 0)
    let events = nextEvents(&reactor)
    let now = reactor.now
    #expect(events == [.deadline(handle, owner: 0)] && now - start <= DeadlineSweep.interval)
  }

  @Test func `sweeps are no closer than their interval, however many deadlines there are`() throws {
    var reactor = reactor()
    let start = reactor.now
    for index in 0..<50 {
      let handle = try reactor.add(Int32(index) + 5)
      reactor.setDeadline(handle, at: start + UInt64(index) * 10 * millisecond)
    }
    var delivered = 0
    while delivered < 50 {
      let events = nextEvents(&reactor)
      try #require(!events.isEmpty)
      delivered += events.count
    }
    let (ticks, elapsed) = (reactor.tickCount, reactor.now - start)
    #expect(ticks <= 7 && elapsed <= 600 * millisecond)
  }

  @Test(arguments: 0..<20)
  func `no deadline is early, and none is later than the interval`(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    var reactor = reactor()
    var handles: [Handle] = []
    for index in 0..<20 { handles.append(try reactor.add(Int32(index) + 5, owner: UInt64(index))) }
    var deadlines = [UInt64](repeating: .max, count: 20)
    for _ in 0..<400 {
      let index = Int.random(in: 0..<20, using: &random)
      if Int.random(in: 0..<5, using: &random) == 0 {
        deadlines[index] = .max
      } else {
        deadlines[index] =
          reactor.now + UInt64.random(in: 0...500, using: &random) * millisecond / 3
      }
      reactor.setDeadline(handles[index], at: deadlines[index])
      let limit = UInt64.random(in: 0...40, using: &random) * millisecond
      for event in reactor.tick(limit: limit) {
        guard case .deadline(let handle, let owner) = event else { continue }
        let deadline = deadlines[Int(owner)]
        let now = reactor.now
        #expect(handles[Int(owner)] == handle && now >= deadline, "seed \(seed)")
        deadlines[Int(owner)] = .max
      }
      // A millisecond on top: waits are whole milliseconds.
      let now = reactor.now
      let overdue = deadlines.filter {
        $0 < .max && $0 + DeadlineSweep.interval + millisecond < now
      }
      #expect(overdue.isEmpty, "seed \(seed)")
    }
  }

  @Test func `timers fire in the order of their times, equal ones in the order of arming`() {
    var reactor = reactor()
    let start = reactor.now
    for (owner, delay) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 30)] as [(UInt64, UInt64)] {
      reactor.addTimer(at: start + delay * millisecond, owner: owner)
    }
    var fired: [UInt64] = []
    var times: [UInt64] = []
    while fired.count < 5, times.count < 10 {
      for event in reactor.tick() {
        if case .timer(let owner) = event { fired.append(owner) }
      }
      times.append((reactor.now - start) / millisecond)
    }
    #expect(fired == [2, 4, 3, 1, 5] && times == [10, 20, 30])
    _ = reactor.tick()
    #expect(reactor.script.timeouts == [10, 10, 10, -1])
  }

  @Test func `a timer that is due already doesn't wait`() {
    var reactor = reactor()
    reactor.addTimer(at: 0, owner: 8)
    let events = reactor.tick()
    #expect(events == [.timer(owner: 8)] && reactor.script.timeouts == [0])
  }

  @Test func `what is ready comes before turns, turns before deadlines, deadlines before timers`()
    throws
  {
    var reactor = reactor()
    let ready = try reactor.add(5, owner: 1)
    let turn = try reactor.add(6, owner: 2)
    let late = try reactor.add(7, owner: 3)
    reactor.setDeadline(late, at: reactor.now)
    reactor.addTimer(at: reactor.now, owner: 4)
    reactor.makeRunnable(turn)
    reactor.script.now += DeadlineSweep.interval
    reactor.script.report(5, .readable)
    let events = reactor.tick()
    #expect(
      events == [
        .ready(ready, owner: 1, .readable), .ready(turn, owner: 2, []),
        .deadline(late, owner: 3), .timer(owner: 4),
      ]
    )
  }
}
