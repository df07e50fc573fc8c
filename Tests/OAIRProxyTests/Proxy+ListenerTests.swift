import Glibc
import OAIRReactor
import OAIRSys
import Testing

@testable import OAIRProxy

@Suite struct ProxyListenerTests {
  private func makeProxy(delay: Duration) throws -> Proxy<LinuxKernel> {
    var options = ProxyOptions()
    options.timeouts.drainDelay = delay
    return Proxy(kernel: try LinuxKernel(), options: options, connections: 8, seed: 1)
  }

  /// Whether somebody is let in.
  private func isReached(_ address: SocketAddress) throws -> Bool {
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    // Over a unix socket it is known at once.
    return isOpen(kernel.connect(to: address))
  }

  /// Whether somebody was let in; the connection stays open.
  private func isOpen(_ outcome: ConnectResult) -> Bool {
    if case .failed = outcome { false } else { true }
  }

  @Test func `it serves while it leaves, and drains when the delay is over`() throws {
    var proxy = try makeProxy(delay: .milliseconds(200))
    let path = "/tmp/oairouter-tests-\(UInt64.random(in: .min ... .max)).sock"
    defer { unlink(path) }
    let listener = try ListeningSocket(.unix(path))
    let address = listener.address
    try proxy.listen(listener)
    proxy.beginLeaving()
    let (stage, listeners) = (proxy.stage, proxy.listeners.count)
    #expect(stage == .leaving && listeners == 1)
    #expect(try isReached(address))
    while proxy.isAccepting { _ = proxy.runTick(limit: 50_000_000) }
    let (later, served) = (proxy.stage, proxy.counters.connections)
    #expect(later == .draining && served == 1)
    #expect(try !isReached(address))
  }

  @Test func `a listener that another process goes on with doesn't turn the loop`() throws {
    var proxy = try makeProxy(delay: .zero)
    let path = "/tmp/oairouter-tests-\(UInt64.random(in: .min ... .max)).sock"
    defer { unlink(path) }
    let listener = try ListeningSocket(.unix(path))
    try proxy.listen(try ListeningSocket(duplicating: listener.owner.descriptor))
    // One that is served keeps the loop from ending.
    let kernel = try LinuxKernel()
    defer { kernel.shutdown() }
    #expect(isOpen(kernel.connect(to: .unix(path))))
    _ = proxy.runTick(limit: 1_000_000_000)
    proxy.beginDrain()
    _ = proxy.runTick(limit: 10_000_000)
    // Somebody comes for the other one.
    #expect(isOpen(kernel.connect(to: .unix(path))))
    let turns = (0..<20).map { _ in
      ContinuousClock().measure { _ = proxy.runTick(limit: 2_000_000) }
    }
    #expect(turns.reduce(.zero, +) > .milliseconds(20))
  }

  @Test func `the delay can be cut short, and ends nothing afterwards`() throws {
    var proxy = try makeProxy(delay: .milliseconds(1))
    proxy.beginLeaving()
    proxy.beginDrain()
    let stage = proxy.stage
    #expect(stage == .draining)
    proxy.run()
    let isStopped = proxy.isStopped
    #expect(isStopped)
  }

  @Test func `without a delay it drains at once`() throws {
    var proxy = try makeProxy(delay: .zero)
    proxy.beginLeaving()
    let stage = proxy.stage
    #expect(stage == .draining)
  }
}
