import Glibc
import OAIRReactor
import OAIRSys
import Testing

/// The reactor on the real kernel: what the scripted one can only assume.
struct ReactorOnLinuxTests {
  /// Ten seconds, in which anything on this machine has happened.
  private let patience: UInt64 = 10_000_000_000

  /// Ticks until an event comes.
  private func next(_ reactor: inout Reactor<LinuxKernel>) -> ReactorEvent? {
    let end = reactor.now + patience
    while reactor.now < end {
      reactor.wait(limit: patience)
      if let event = reactor.nextEvent() { return event }
      reactor.endTick()
    }
    return nil
  }

  @Test func `a connection is accepted, carries bytes and ends, in ticks`() throws {
    var reactor = Reactor(kernel: try LinuxKernel(), capacity: 8)
    let socket = try ListeningSocket(.loopback(port: 0))
    let address = socket.address
    let listener = try reactor.registerSource(socket.release(), owner: 1)
    let client = try reactor.connect(to: address, owner: 2)
    var server = Handle.none
    var seen: [UInt8] = []
    var isEnded = false
    var hasSent = false
    let end = reactor.now + patience
    while !isEnded, reactor.now < end {
      reactor.wait(limit: patience)
      while let event = reactor.nextEvent() {
        guard case .ready(_, let owner, let readiness) = event else { continue }
        if owner == 1, case .accepted(let descriptor, _) = reactor.accept(listener) {
          server = try reactor.register(descriptor, owner: 3)
        }
        if owner == 2, readiness.contains(.writable), !hasSent {
          #expect(reactor.connectError(client) == nil)
          let sent = [UInt8]("hello".utf8).withUnsafeBytes { reactor.send(client, $0) }
          #expect(sent == .bytes(5))
          reactor.shutdownWriting(client)
          hasSent = true
        }
        if owner == 3 {
          var memory = [UInt8](repeating: 0, count: 64)
          while reactor.readiness(server).contains(.readable), !isEnded {
            switch memory.withUnsafeMutableBytes({ reactor.receive(server, into: $0) }) {
            case .bytes(let count): seen += memory[..<count]
            case .endOfFile: isEnded = true
            case .wouldBlock, .failed: break
            }
          }
        }
      }
      reactor.endTick()
    }
    #expect(isEnded && seen == Array("hello".utf8))
    reactor.beginClose(server)
    reactor.beginClose(client)
    reactor.endTick()
    let count = reactor.count
    #expect(count == 1)
  }

  @Test func `a refused connect is reported as ready, with its error`() throws {
    var reactor = Reactor(kernel: try LinuxKernel(), capacity: 2)
    let address: SocketAddress
    do {
      let listener = try ListeningSocket(.loopback(port: 0))
      address = listener.address
    }
    do {
      let handle = try reactor.connect(to: address, owner: 1)
      guard case .ready(handle, owner: 1, let readiness) = next(&reactor) else {
        Issue.record("no event")
        return
      }
      #expect(readiness.contains(.failed))
      let error = reactor.connectError(handle)
      #expect(error == .connectionRefused)
    } catch {
      #expect(error == SystemError("connect", .connectionRefused))
    }
  }

  @Test func `a level is reported each tick until it is used up`() throws {
    let mailbox = try Mailbox<Int>()
    var reactor = Reactor(kernel: try LinuxKernel(), capacity: 2)
    let handle = try reactor.registerBorrowed(mailbox.descriptor, owner: 1)
    mailbox.publish(4)
    for _ in 0..<3 {
      let event = next(&reactor)
      #expect(event == .ready(handle, owner: 1, .readable))
      reactor.endTick()
    }
    #expect(mailbox.take() == 4)
    reactor.wait(limit: 0)
    let event = reactor.nextEvent()
    #expect(event == nil)
  }

  @Test func `a mailbox outlives the reactor that watched it`() throws {
    let mailbox = try Mailbox<Int>()
    do {
      var reactor = Reactor(kernel: try LinuxKernel(), capacity: 2)
      _ = try reactor.registerBorrowed(mailbox.descriptor, owner: 1)
    }
    mailbox.publish(5)
    #expect(fcntl(mailbox.descriptor.raw, F_GETFD) >= 0)
    #expect(mailbox.take() == 5)
  }

  @Test func `deadlines and timers wake a reactor that sleeps`() throws {
    var reactor = Reactor(kernel: try LinuxKernel(), capacity: 2)
    let mailbox = try Mailbox<Int>()
    let handle = try reactor.registerBorrowed(mailbox.descriptor, owner: 1)
    let start = reactor.now
    reactor.addTimer(at: start + 3_000_000, owner: 9)
    reactor.setDeadline(handle, at: start + 20_000_000)
    // On a machine that is busy elsewhere both may be due when it comes to look.
    var due: [(event: ReactorEvent, time: UInt64)] = [
      (.timer(owner: 9), 3_000_000), (.deadline(handle, owner: 1), 20_000_000),
    ]
    while !due.isEmpty {
      let event = next(&reactor)
      let passed = reactor.now - start
      let index = try #require(due.firstIndex { $0.event == event }, "what wasn't asked for")
      #expect(passed >= due.remove(at: index).time)
    }
  }
}
