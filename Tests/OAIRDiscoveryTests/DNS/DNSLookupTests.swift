import OAIRRouting
import OAIRSys
import Synchronization
import Testing

@testable import OAIRDiscovery

/// A name service of a test's making: answers by question, and what was asked.
final class NameScript: Sendable {
  private struct State {
    var answers: [String: DNSAnswer] = [:]
    var asked: [String] = []
  }

  private let state = Mutex(State())

  /// Sets the answer for "a vllm.", "srv x" and so on; without one there is nothing.
  subscript(_ question: String) -> DNSAnswer? {
    get { state.withLock { $0.answers[question] } }
    set { state.withLock { $0.answers[question] = newValue } }
  }

  var asked: [String] {
    state.withLock { state in
      defer { state.asked = [] }
      return state.asked
    }
  }

  var ask: DNSLookup.Ask {
    { [self] name, type in
      state.withLock { state in
        let question = "\(type) \(name)"
        state.asked.append(question)
        return state.answers[question] ?? .nothing(ttl: .seconds(9))
      }
    }
  }
}

func addresses(_ last: [UInt32], ttl: Int = 5, name: String = "full.") -> DNSAnswer {
  let records = last.map {
    DNSRecord(name: name, ttl: UInt32(ttl), content: .address(.ipv4(0x0a00_0000 | $0, port: 0)))
  }
  return .found(records, additional: [], ttl: .seconds(ttl), name: name)
}

func services(
  _ targets: [(target: String, priority: Int, weight: Int, port: UInt16)],
  additional: [DNSRecord] = [],
  ttl: Int = 5
) -> DNSAnswer {
  let records = targets.map {
    DNSRecord(
      name: "s",
      ttl: UInt32(ttl),
      content: .service(priority: $0.priority, weight: $0.weight, port: $0.port, target: $0.target)
    )
  }
  return .found(records, additional: additional, ttl: .seconds(ttl), name: "full.")
}

struct DNSLookupTests {
  private let names = NameScript()

  private func lookup(_ record: DNSService.Record) -> DNSLookup {
    DNSLookup(DNSService("vllm", record: record, kind: .vllm), ask: names.ask)
  }

  private func text(_ findings: DNSFindings) -> String {
    switch findings {
    case .backends(let backends, let ttl):
      backends.map {
        "\($0.id)@\($0.endpoint.address) p\($0.priority) w\($0.weight)"
      }.joined(separator: ", ") + " for \(ttl)"
    case .nothing(let ttl): "nothing for \(ttl)"
    case .failed(let reason): "failed: \(reason)"
    }
  }

  @Test func `each address is a backend at the port`() async {
    names["a vllm"] = addresses([1, 2, 1])
    var lookup = lookup(.address(port: 8000))
    #expect(
      text(await lookup.look())
        == "vllm/10.0.0.1:8000@10.0.0.1:8000 p0 w1, vllm/10.0.0.2:8000@10.0.0.2:8000 p0 w1 "
        + "for 5.0 seconds"
    )
    #expect(names.asked == ["a vllm"])
  }

  @Test func `IPv6 addresses count where there are no IPv4 ones`() async {
    let record = DNSRecord(
      name: "x",
      ttl: 1,
      content: .address(.ipv6(0xfd00 << 48, 1, scope: 0, port: 0))
    )
    names["aaaa vllm"] = .found([record], additional: [], ttl: .seconds(1), name: "full.")
    var lookup = lookup(.address(port: 80))
    let found = await lookup.look()
    #expect(text(found) == "vllm/[fd00::1]:80@[fd00::1]:80 p0 w1 for 1.0 seconds")
    names["aaaa vllm"] = .failed("broken")
    names["aaaa full."] = .failed("broken")
    #expect(await lookup.look() == .failed("broken"))
  }

  @Test func `the full name is asked for once it's known, and searched for when it's gone`() async {
    names["a vllm"] = addresses([1])
    names["a full."] = addresses([2])
    var lookup = lookup(.address(port: 80))
    _ = await lookup.look()
    #expect(text(await lookup.look()).hasPrefix("vllm/10.0.0.2:80"))
    #expect(names.asked == ["a vllm", "a full."])
    names["a full."] = nil
    #expect(text(await lookup.look()).hasPrefix("vllm/10.0.0.1:80"))
    #expect(names.asked == ["a full.", "aaaa full.", "a vllm"])
    names["a full."] = .failed("timeout")
    #expect(await lookup.look() == .failed("timeout"))
    #expect(names.asked == ["a full."], "a failure is no reason to look elsewhere")
  }

  @Test func `services have priorities, weights and ports`() async {
    names["srv vllm"] = services([("A.test", 1, 50, 8000), ("b.test", 2, 0, 8001)])
    names["a a.test."] = addresses([1], ttl: 3)
    names["a b.test."] = addresses([2, 3])
    var lookup = lookup(.srv)
    #expect(
      text(await lookup.look())
        == "a.test:8000@10.0.0.1:8000 p1 w50, b.test:8001/10.0.0.2@10.0.0.2:8001 p2 w1, "
        + "b.test:8001/10.0.0.3@10.0.0.3:8001 p2 w1 for 3.0 seconds"
    )
  }

  @Test func `addresses that came along spare a question`() async {
    let address = DNSRecord(
      name: "A.TEST",
      ttl: 2,
      content: .address(.ipv4(0x0a00_0009, port: 0))
    )
    names["srv vllm"] = services([("a.test", 1, 1, 80)], additional: [address])
    var lookup = lookup(.srv)
    #expect(text(await lookup.look()) == "a.test:80@10.0.0.9:80 p1 w1 for 2.0 seconds")
    #expect(names.asked == ["srv vllm"])
  }

  @Test func `a host that nobody can tell of stays where it was`() async {
    names["srv vllm"] = services([("a.test", 1, 1, 80), ("b.test", 1, 1, 80)])
    names["srv full."] = names["srv vllm"]
    names["a a.test."] = addresses([1])
    names["a b.test."] = .failed("timeout")
    var lookup = lookup(.srv)
    #expect(text(await lookup.look()).hasPrefix("a.test:80@10.0.0.1:80 p1 w1 for"))
    names["a a.test."] = .failed("timeout")
    #expect(text(await lookup.look()).hasPrefix("a.test:80@10.0.0.1:80 p1 w1 for"))
    names["a a.test."] = nil
    #expect(await lookup.look() == .failed("timeout"))
    names["a b.test."] = nil
    #expect(await lookup.look() == .nothing(ttl: .seconds(5)))
  }

  @Test func `a service that says it isn't there is none`() async {
    names["srv vllm"] = services([("", 0, 0, 0)])
    var lookup = lookup(.srv)
    #expect(await lookup.look() == .nothing(ttl: .seconds(5)))
    names["srv vllm"] = .failed("code 2")
    names["srv full."] = .failed("code 2")
    #expect(await lookup.look() == .failed("code 2"))
  }
}
