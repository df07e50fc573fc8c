import OAIRReactor
import OAIRSys
import Testing

@testable import OAIRDiscovery

/// Tells what it is told.
private final class Witness: LoopGuest {
  private let told: AsyncStream<String>.Continuation
  private let bell: EventFD
  private var owner: UInt64 = 0
  private var handle = Handle.none

  init(_ told: AsyncStream<String>.Continuation) throws {
    self.told = told
    bell = try EventFD()
  }

  func enter(_ reactor: inout Reactor<LinuxKernel>, owner: UInt64) {
    self.owner = owner
    guard let handle = try? reactor.registerBorrowed(bell.descriptor, owner: owner) else { return }
    self.handle = handle
    told.yield("entered")
  }

  func ready(_ handle: Handle, _ readiness: Readiness, _ reactor: inout Reactor<LinuxKernel>) {
    bell.clear()
    told.yield(handle == self.handle ? "ready" : "a stranger's event")
    reactor.addTimer(at: reactor.now &+ 1_000_000, owner: owner)
  }

  func timerFired(_ reactor: inout Reactor<LinuxKernel>) { told.yield("timer") }

  func woken(_ reactor: inout Reactor<LinuxKernel>) {
    told.yield("woken")
    bell.signal()
  }

  func leave(_ reactor: inout Reactor<LinuxKernel>) {
    reactor.beginClose(handle)
    told.yield("left")
    told.finish()
  }
}

struct LoopGuestTests {
  private let events: AsyncStream<String>
  private let told: AsyncStream<String>.Continuation

  init() { (events, told) = AsyncStream.makeStream(of: String.self) }

  private func admit(to client: ControlClient) -> UInt64? {
    client.admit { [told] in
      do { return try Witness(told) } catch { preconditionFailure("no descriptor is left") }
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a guest is woken, hears of its descriptors and timers, and is sent away`() async throws {
    let client = try ControlClient(capacity: 2)
    try await client.start()
    let id = try #require(admit(to: client))
    client.wake(guest: id)
    client.wake(guest: id + 1)
    var seen: [String] = []
    for await event in events {
      seen.append(event)
      if event == "timer" {
        client.dismiss(guest: id)
        client.wake(guest: id)
      }
    }
    #expect(seen == ["entered", "woken", "ready", "timer", "left"])
    await client.stop()
    #expect(admit(to: client) == nil)
  }

  @Test(.timeLimit(.minutes(5)))
  func `a guest leaves when the loop ends`() async throws {
    let client = try ControlClient(capacity: 2)
    try await client.start()
    #expect(admit(to: client) != nil)
    await client.stop()
    #expect(await events.reduce(into: []) { $0.append($1) } == ["entered", "left"])
  }
}
