import Glibc
import OAIRReactor
import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRProxy

struct ProxyPoolTests {
  /// Puts an idle connection into the pool of a backend.
  ///
  /// - Returns: also its other end, to be closed.
  private func addIdle(
    _ proxy: inout Proxy<LinuxKernel>,
    slot: Int
  ) throws -> (upstream: Handle, peer: Int32) {
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK, 0, &ends) == 0)
    let backend = Backend(id: "b\(slot)", endpoint: Endpoint(address: .loopback(port: 1)))
    let record = BackendRecord(backend, slot: slot, incarnation: 0)
    let upstream = proxy.upstreams.insert(
      Upstream(registration: .none, record: record, limits: proxy.limits.http)
    )
    let registration = try proxy.reactor.register(
      FileDescriptor(ends[0]),
      owner: OwnerTag(.upstream, upstream).bits,
      readiness: .writable
    )
    proxy.upstreams[upstream].registration = registration
    proxy.makeIdle(upstream)
    return (upstream, ends[1])
  }

  private func open(_ proxy: borrowing Proxy<LinuxKernel>, _ handles: [Handle]) -> [Bool] {
    handles.map { proxy.upstreams.contains($0) }
  }

  @Test func `room is made by the one that is idle for the longest time`() throws {
    var proxy = Proxy(
      kernel: try LinuxKernel(),
      options: ProxyOptions(),
      connections: 4,
      seed: 1
    )
    let first = try addIdle(&proxy, slot: 3)
    let second = try addIdle(&proxy, slot: 0)
    let third = try addIdle(&proxy, slot: 3)
    defer { for end in [first.peer, second.peer, third.peer] { close(end) } }
    let all = [first.upstream, second.upstream, third.upstream]
    // The youngest of its backend goes to work, and comes back as the youngest of all.
    let record = proxy.upstreams[second.upstream].record
    let taken = proxy.takeIdle(record)
    #expect(taken == second.upstream)
    let before = open(proxy, all)
    #expect(before == [true, true, true])
    proxy.makeIdle(second.upstream)
    proxy.closeOldestIdle()
    let afterOne = open(proxy, all)
    #expect(afterOne == [false, true, true])
    proxy.closeOldestIdle()
    let afterTwo = open(proxy, all)
    #expect(afterTwo == [false, true, false])
    let closed = [proxy.closeOldestIdle(), proxy.closeOldestIdle()]
    let count = proxy.upstreamCount
    #expect(closed == [true, false] && count == 0)
  }

  @Test func `one that leaves from the middle leaves the order of the others`() throws {
    var proxy = Proxy(
      kernel: try LinuxKernel(),
      options: ProxyOptions(),
      connections: 4,
      seed: 1
    )
    let idle = [
      try addIdle(&proxy, slot: 1), try addIdle(&proxy, slot: 2), try addIdle(&proxy, slot: 1),
    ]
    defer { for end in idle.map(\.peer) { close(end) } }
    proxy.closeIdle(ofSlot: 2)
    proxy.closeOldestIdle()
    let left = open(proxy, idle.map(\.upstream))
    #expect(left == [false, false, true])
  }
}
