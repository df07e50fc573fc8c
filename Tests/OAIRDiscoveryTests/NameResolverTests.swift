import Dispatch
import OAIRSys
import Synchronization
import Testing

@testable import OAIRDiscovery

/// A name service that answers when it is told to.
private final class SlowNames: Sendable {
  private let gate = DispatchSemaphore(value: 0)
  private let asked = Mutex<[String]>([])

  var names: [String] { asked.withLock { $0 } }

  func lookUp(_ host: String) -> [SocketAddress] {
    asked.withLock { $0.append(host) }
    gate.wait()
    return [.ipv4(7, port: 0)]
  }

  func answer() { gate.signal() }
}

struct NameResolverTests {
  @Test func `localhost is this machine`() async {
    let addresses = await NameResolver().resolve(host: "localhost", port: 8000)
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 8000 })
    #expect(Set(addresses).count == addresses.count)
  }

  @Test func `numeric hosts are themselves`() async {
    let resolver = NameResolver()
    #expect(await resolver.resolve(host: "192.0.2.1", port: 1) == [.ipv4(0xc000_0201, port: 1)])
    #expect(
      await resolver.resolve(host: "2001:db8::1", port: 1)
        == [.ipv6(0x2001_0db8_0000_0000, 1, scope: 0, port: 1)]
    )
  }

  @Test func `what is no name has no address`() async {
    #expect(await NameResolver().resolve(host: "no such name", port: 1).isEmpty)
  }

  @Test(.timeLimit(.minutes(5)))
  func `nobody waits beyond the deadline, and a name has one thread at most`() async {
    let names = SlowNames()
    let resolver = NameResolver(timeout: .milliseconds(50), lookUp: names.lookUp)
    for _ in 0..<3 { #expect(await resolver.resolve(host: "a", port: 1).isEmpty) }
    #expect(names.names == ["a"])
    // Others aren't held up by it.
    #expect(await resolver.resolve(host: "b", port: 1).isEmpty)
    #expect(names.names == ["a", "b"])
    names.answer()
    names.answer()
  }

  @Test(.timeLimit(.minutes(5)))
  func `those who ask for one name at a time get one answer, each with its port`() async {
    let names = SlowNames()
    let resolver = NameResolver(timeout: .seconds(50), lookUp: names.lookUp)
    let ports = await withTaskGroup(of: [UInt16?].self) { group in
      for port in UInt16(1)...3 {
        group.addTask { await resolver.resolve(host: "a", port: port).map(\.port) }
      }
      while names.names.isEmpty { await Task.yield() }
      names.answer()
      // One that came after the answer has asked anew.
      names.answer()
      names.answer()
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(ports.compactMap { $0 }.sorted() == [1, 2, 3])
  }

  @Test(.timeLimit(.minutes(5)))
  func `the number of names that are looked up is bounded`() async {
    let names = SlowNames()
    let resolver = NameResolver(timeout: .milliseconds(1), lookUp: names.lookUp)
    for number in 0...DiscoveryLimits.lookups {
      #expect(await resolver.resolve(host: "\(number)", port: 1).isEmpty)
    }
    for _ in 0..<DiscoveryLimits.lookups { names.answer() }
    #expect(names.names.count <= DiscoveryLimits.lookups)
    #expect(!names.names.contains("\(DiscoveryLimits.lookups)"))
  }
}
