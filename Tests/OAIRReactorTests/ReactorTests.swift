import OAIRSys
import Testing

@testable import OAIRReactor

struct ReactorTests {
  private func reactor(capacity: Int = 8) -> Reactor<ScriptedKernel> {
    Reactor(kernel: ScriptedKernel(), capacity: capacity)
  }

  // MARK: Events

  @Test func `an event carries handle, owner and all readiness that is known`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5, owner: 77, readiness: .writable)
    reactor.script.report(5, .readable)
    let events = reactor.tick()
    #expect(events == [.ready(handle, owner: 77, [.readable, .writable])])
    let (readiness, count) = (reactor.readiness(handle), reactor.tickCount)
    #expect(readiness == [.readable, .writable] && count == 1)
  }

  @Test func `what is known at registration raises no event by itself`() throws {
    var reactor = reactor()
    _ = try reactor.add(5, readiness: [.readable, .writable])
    let events = reactor.tick(limit: 1_000_000)
    #expect(events == [])
  }

  @Test func `connections are watched for edges, sources and borrowed ones for levels`() throws {
    var reactor = reactor()
    let connection = try reactor.add(5)
    let source = try reactor.registerSource(FileDescriptor(6), owner: 1)
    let borrowed = try reactor.registerBorrowed(FileDescriptor(7), owner: 2)
    let watched = reactor.script.watched
    #expect(watched[5]?.interest == .connectionEdges && watched[5]?.token == connection.bits)
    #expect(watched[6]?.interest == .readableLevel && watched[6]?.token == source.bits)
    #expect(watched[7]?.interest == .readableLevel && watched[7]?.token == borrowed.bits)
  }

  @Test func `an event for a former occupant of the slot reaches nobody`() throws {
    var reactor = reactor(capacity: 1)
    let former = try reactor.add(5, owner: 1)
    reactor.script.report(5, .readable)
    reactor.beginClose(former)
    reactor.endTick()
    let present = try reactor.add(5, owner: 2)
    #expect(present.slot == former.slot)
    let events = reactor.tick()
    #expect(events == [])
    let readiness = reactor.readiness(present)
    #expect(readiness == [])
    reactor.script.report(5, .writable)
    let later = reactor.tick()
    #expect(later == [.ready(present, owner: 2, .writable)])
  }

  @Test func `a token that was never given out reaches nobody`() throws {
    var reactor = reactor()
    _ = try reactor.add(5)
    reactor.script.events = [
      PollEvent(token: Handle(slot: 3, generation: 1).bits, readiness: .readable),
      PollEvent(token: .max, readiness: .readable), PollEvent(token: 0, readiness: .readable),
    ]
    let events = reactor.tick()
    #expect(events == [])
  }

  // MARK: Close

  @Test func `after beginClose nothing is delivered, and the tick's end closes exactly once`()
    throws
  {
    var reactor = reactor()
    let first = try reactor.add(5, owner: 1)
    let second = try reactor.add(6, owner: 2)
    reactor.makeRunnable(second)
    reactor.setDeadline(second, at: reactor.now)
    reactor.script.report(5, .readable)
    reactor.script.report(6, .readable)
    reactor.wait()
    let event = reactor.nextEvent()
    #expect(event == .ready(first, owner: 1, .readable))
    reactor.beginClose(second)
    let (isOpen, next, closed) = (
      reactor.isOpen(second), reactor.nextEvent(), reactor.script.closed
    )
    #expect(!isOpen && next == nil && closed == [], "the number stays taken within the tick")
    reactor.endTick()
    #expect(reactor.script.closed == [6])
    reactor.endTick()
    let events = reactor.tick(limit: 0)
    #expect(events == [] && reactor.script.closed == [6])
    let count = reactor.count
    #expect(count == 1)
  }

  @Test func `a reset is asked for before the close, and only then`() throws {
    var reactor = reactor()
    let first = try reactor.add(5)
    let second = try reactor.add(6)
    reactor.beginClose(first, reset: true)
    reactor.beginClose(second)
    #expect(reactor.script.resets == [5] && reactor.script.closed == [])
    reactor.endTick()
    #expect(Set(reactor.script.closed) == [5, 6])
  }

  @Test func `a borrowed descriptor is let go of and never closed`() throws {
    var reactor = reactor()
    let borrowed = try reactor.registerBorrowed(FileDescriptor(7), owner: 2)
    reactor.beginClose(borrowed)
    reactor.endTick()
    #expect(reactor.script.closed == [] && reactor.script.watched[7] == nil)
  }

  @Test func `the end of a reactor closes what it owns, once, and the kernel last`() throws {
    let kernel = ScriptedKernel()
    do {
      var reactor = Reactor(kernel: kernel, capacity: 8)
      _ = try reactor.add(5)
      let second = try reactor.add(6)
      let third = try reactor.add(7)
      _ = try reactor.registerBorrowed(FileDescriptor(8), owner: 0)
      reactor.beginClose(second)
      reactor.endTick()
      reactor.beginClose(third)
    }
    #expect(kernel.script.closed.sorted() == [5, 6, 7])
    #expect(kernel.script.watched.isEmpty && kernel.script.shutdownCount == 1)
  }

  @Test func `closing twice ends the process`() async {
    await #expect(processExitsWith: .failure) {
      var reactor = Reactor(kernel: ScriptedKernel(), capacity: 1)
      let handle = try reactor.register(FileDescriptor(5), owner: 0)
      reactor.beginClose(handle)
      reactor.beginClose(handle)
    }
  }

  // MARK: The runnable list

  @Test func `a runnable connection gets one turn, in a tick that doesn't block`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5, owner: 9, readiness: .readable)
    reactor.makeRunnable(handle)
    reactor.makeRunnable(handle)
    let events = reactor.tick()
    #expect(events == [.ready(handle, owner: 9, .readable)])
    let later = reactor.tick()
    #expect(later == [] && reactor.script.timeouts == [0, -1])
  }

  @Test func `a connection that asks again in its turn gets the next tick's`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5)
    reactor.makeRunnable(handle)
    for _ in 0..<3 {
      reactor.wait()
      let first = reactor.nextEvent()
      #expect(first == .ready(handle, owner: 0, []))
      reactor.makeRunnable(handle)
      let second = reactor.nextEvent()
      #expect(second == nil)
      reactor.endTick()
    }
    #expect(reactor.script.timeouts == [0, 0, 0])
  }

  @Test func `every runnable connection gets its turn in the same tick`() throws {
    var reactor = reactor()
    let handles = try (0..<6).map { try reactor.add(Int32($0) + 5, owner: UInt64($0)) }
    for handle in handles { reactor.makeRunnable(handle) }
    let events = reactor.tick()
    #expect(events.count == 6)
    for (index, handle) in handles.enumerated() {
      #expect(events.contains(.ready(handle, owner: UInt64(index), [])))
    }
  }

  @Test func `one that was closed meanwhile gets no turn, and neither does its successor`() throws {
    var reactor = reactor(capacity: 1)
    let former = try reactor.add(5)
    reactor.makeRunnable(former)
    reactor.beginClose(former)
    reactor.endTick()
    _ = try reactor.add(6)
    let events = reactor.tick()
    #expect(events == [])
  }

  // MARK: Bytes and readiness

  /// Asks for ten bytes with a result that is scripted, with everything known to be ready.
  private func readiness(
    afterReading result: IOResult,
    peerClosed: Bool = false
  ) throws -> Readiness {
    var reactor = reactor()
    let handle = try reactor.add(
      5,
      readiness: peerClosed ? [.readable, .writable, .peerClosed] : [.readable, .writable]
    )
    reactor.script.reads = [result]
    var memory = [UInt8](repeating: 0, count: 10)
    let read = memory.withUnsafeMutableBytes { reactor.receive(handle, into: $0) }
    #expect(read == result)
    return reactor.readiness(handle)
  }

  @Test func `a full read leaves a connection readable, a short one has drained it`() throws {
    #expect(try readiness(afterReading: .bytes(10)) == [.readable, .writable])
    #expect(try readiness(afterReading: .bytes(9)) == .writable)
    #expect(try readiness(afterReading: .wouldBlock) == .writable)
    #expect(try readiness(afterReading: .failed(.connectionReset)) == .writable)
  }

  @Test func `behind a short read waits the end of file of a peer that has closed`() throws {
    #expect(
      try readiness(afterReading: .bytes(9), peerClosed: true)
        == [.readable, .writable, .peerClosed]
    )
    #expect(
      try readiness(afterReading: .endOfFile, peerClosed: true) == [.writable, .peerClosed]
    )
  }

  @Test(arguments: [
    (IOResult.bytes(10), true), (.bytes(9), false), (.wouldBlock, false),
    (.failed(.brokenPipe), false),
  ])
  func `a write that comes up short clears writability`(result: IOResult, isWritable: Bool) throws {
    let bytes = [UInt8](repeating: 0, count: 10)
    for pieces in [1, 2] {
      var reactor = reactor()
      let handle = try reactor.add(5, readiness: .writable)
      reactor.script.writes = [result]
      let sent = bytes.withUnsafeBytes { bytes in
        let half = UnsafeRawBufferPointer(rebasing: bytes[..<5])
        return pieces == 1
          ? reactor.send(handle, bytes) : reactor.send(handle, half, half)
      }
      #expect(sent == result)
      let readiness = reactor.readiness(handle)
      #expect(readiness == (isWritable ? .writable : []))
    }
  }

  @Test func `a half-close goes to the descriptor`() throws {
    var reactor = reactor()
    let handle = try reactor.add(5)
    reactor.shutdownWriting(handle)
    #expect(reactor.script.halfClosed == [5])
  }

  // MARK: Waiting

  @Test func `an idle reactor waits for ever, or as long as it is told`() {
    var reactor = reactor()
    for limit: UInt64? in [nil, 0, 1, 1_000_000, 1_000_001, .max] { _ = reactor.tick(limit: limit) }
    #expect(reactor.script.timeouts == [-1, 0, 1, 1, 2, .max])
  }

  @Test func `a wait is rounded up, so that it never wakes early`() {
    for (nanoseconds, milliseconds): (UInt64, Int32) in [
      (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (1_999_999, 2), (2_000_000, 2),
      (3_600_000_000_000, 3_600_000), (UInt64(Int32.max) * 1_000_000 + 1, .max),
    ] {
      var reactor = reactor()
      reactor.addTimer(at: reactor.now + nanoseconds, owner: 1)
      _ = reactor.tick()
      #expect(reactor.script.timeouts == [milliseconds])
    }
  }

  @Test func `time that the tick itself took is no longer waited for`() {
    var reactor = reactor()
    reactor.addTimer(at: reactor.now + 10_000_000, owner: 1)
    reactor.script.now += 7_000_000
    _ = reactor.tick()
    reactor.addTimer(at: reactor.now + 10_000_000, owner: 1)
    reactor.script.now += 20_000_000
    _ = reactor.tick()
    #expect(reactor.script.timeouts == [3, 0])
  }

  @Test func `the clock is read after the wait, and stands still within a tick`() {
    var reactor = reactor()
    let start = reactor.now
    reactor.wait(limit: 5_000_000)
    let after = reactor.now
    #expect(after == start + 5_000_000)
    reactor.script.now += 1_000_000
    _ = reactor.nextEvent()
    let still = reactor.now
    #expect(still == after)
  }

  // MARK: Capacity

  @Test func `a full reactor says so, refuses to connect, and opens nothing`() throws {
    var reactor = reactor(capacity: 2)
    _ = try reactor.add(5)
    var isFull = reactor.isFull
    #expect(!isFull)
    let second = try reactor.add(6)
    isFull = reactor.isFull
    #expect(isFull)
    reactor.script.connects = [.connected(FileDescriptor(9))]
    #expect(throws: SystemError("connect", .tooManyOpenFiles)) {
      try reactor.connect(to: .loopback(port: 1), owner: 0)
    }
    #expect(reactor.script.connects.count == 1)
    reactor.beginClose(second)
    isFull = reactor.isFull
    #expect(isFull, "until the tick's end")
    reactor.endTick()
    let third = try reactor.connect(to: .loopback(port: 1), owner: 0)
    let readiness = reactor.readiness(third)
    #expect(readiness == .writable)
  }

  // MARK: Sources

  @Test func `a paused source wakes nobody until it is resumed`() throws {
    var reactor = reactor()
    let listener = try reactor.registerSource(FileDescriptor(5), owner: 3)
    reactor.pauseSource(listener)
    #expect(reactor.script.watched[5] == nil)
    let isOpen = reactor.isOpen(listener)
    #expect(isOpen)
    try reactor.resumeSource(listener)
    reactor.script.report(5, .readable)
    let events = reactor.tick()
    #expect(events == [.ready(listener, owner: 3, .readable)])
    reactor.pauseSource(listener)
    reactor.beginClose(listener)
    reactor.endTick()
    #expect(reactor.script.closed == [5])
  }

  @Test func `a listener is shared with other reactors, after a pause too`() throws {
    var reactor = reactor()
    let listener = try reactor.registerListener(FileDescriptor(5), owner: 3)
    #expect(reactor.script.watched[5]?.interest == .acceptable)
    reactor.pauseSource(listener)
    try reactor.resumeSource(listener)
    #expect(reactor.script.watched[5]?.interest == .acceptable)
  }

  // MARK: Calls that fail

  /// What a program would do: listen, accept one, connect twice.
  private func work(_ reactor: inout Reactor<ScriptedKernel>) throws {
    let listener = try reactor.registerSource(FileDescriptor(3), owner: 0)
    reactor.script.accepts = [.accepted(FileDescriptor(4), .loopback(port: 1))]
    guard case .accepted(let descriptor, _) = reactor.accept(listener) else {
      throw SystemError("accept4", .tooManyOpenFiles)
    }
    do {
      _ = try reactor.register(descriptor, owner: 1)
    } catch {
      reactor.closeUnregistered(descriptor)
      throw error
    }
    reactor.script.connects = [.inProgress(FileDescriptor(5)), .connected(FileDescriptor(6))]
    _ = try reactor.connect(to: .loopback(port: 1), owner: 2)
    _ = try reactor.connect(to: .loopback(port: 1), owner: 3)
  }

  @Test func `whichever call fails, every descriptor that was opened is closed once`() throws {
    var failures = 0
    for failing in 1... {
      let kernel = ScriptedKernel()
      var opened: Set<Int32> = [3]
      var isDone = false
      do {
        var reactor = Reactor(kernel: kernel, capacity: 8)
        kernel.script.failingCall = failing
        do {
          try work(&reactor)
          isDone = true
        } catch {
          failures += 1
          #expect(error is SystemError)
          // Only what is registered is watched.
          let count = reactor.count
          #expect(count == kernel.script.watched.count)
        }
        // What a failed registration leaves belongs to the caller, who closes it.
        if failing == 1 { reactor.closeUnregistered(FileDescriptor(3)) }
      }
      if failing > 2 { opened.insert(4) }
      if failing > 4 { opened.insert(5) }
      if failing > 6 { opened.insert(6) }
      #expect(kernel.script.closed.sorted() == opened.sorted(), "call \(failing)")
      if isDone { break }
    }
    // watch, accept, watch, connect, watch, connect, watch.
    #expect(failures == 7)
  }

  @Test func `a connect that fails at once throws its reason and leaves no registration`() throws {
    var reactor = reactor()
    reactor.script.connects = [.failed(.connectionRefused)]
    #expect(throws: SystemError("connect", .connectionRefused)) {
      try reactor.connect(to: .loopback(port: 1), owner: 0)
    }
    let count = reactor.count
    #expect(count == 0 && reactor.script.closed == [])
  }

  @Test func `a connect under way tells its outcome when it is ready`() throws {
    var reactor = reactor()
    reactor.script.connects = [.inProgress(FileDescriptor(5))]
    let handle = try reactor.connect(to: .loopback(port: 1), owner: 4)
    let known = reactor.readiness(handle)
    #expect(known == [])
    reactor.script.connectError = .connectionRefused
    reactor.script.report(5, [.writable, .failed])
    let events = reactor.tick()
    #expect(events == [.ready(handle, owner: 4, [.writable, .failed])])
    let error = reactor.connectError(handle)
    #expect(error == .connectionRefused)
  }

  // MARK: Random work

  @Test(arguments: 0..<20)
  func `no event ever reaches a closed handle, and nothing is closed twice`(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let kernel = ScriptedKernel()
    var opened = 0
    do {
      var reactor = Reactor(kernel: kernel, capacity: 6)
      var live: [UInt64: Handle] = [:]
      for _ in 0..<500 {
        while !reactor.isFull, Int.random(in: 0..<3, using: &random) == 0 {
          opened += 1
          let owner = UInt64(opened)
          live[owner] = try reactor.add(Int32(opened), owner: owner)
        }
        for (owner, handle) in live.sorted(by: { $0.key < $1.key }) {
          switch Int.random(in: 0..<6, using: &random) {
          case 0: kernel.script.report(Int32(owner), .readable)
          case 1: reactor.makeRunnable(handle)
          case 2: reactor.setDeadline(handle, at: reactor.now + 5_000_000)
          default: break
          }
        }
        reactor.wait(limit: 1_000_000)
        while let event = reactor.nextEvent() {
          let (handle, owner): (Handle, UInt64)
          switch event {
          case .ready(let ready, let id, _): (handle, owner) = (ready, id)
          case .deadline(let passed, let id): (handle, owner) = (passed, id)
          case .timer:
            Issue.record("nobody armed a timer")
            continue
          }
          #expect(live[owner] == handle, "seed \(seed)")
          // Whoever is told may close anybody.
          if let victim = live.keys.sorted().randomElement(using: &random),
            Int.random(in: 0..<3, using: &random) == 0, let its = live.removeValue(forKey: victim)
          {
            reactor.beginClose(its)
          }
        }
        reactor.endTick()
        let count = reactor.count
        #expect(count == live.count)
      }
    }
    #expect(kernel.script.closed.sorted() == (1...Int32(opened)).map { $0 })
  }
}
