import OAIRRouting
import OAIRSys
import Synchronization
import Testing

@testable import OAIRDiscovery

struct DNSFollowerTests {
  private let names = NameScript()
  private let told = Told()

  /// What was told, and what the follower waited for.
  private final class Told: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] {
      lines.withLock { lines in
        defer { lines = [] }
        return lines
      }
    }
  }

  private func text(_ change: DiscoveryChange) -> String {
    switch change {
    case .appeared(let backend): "+\(backend.id)"
    case .disappeared(let id): "-\(id)"
    case .stirred(let id): "?\(id)"
    case .listed: "listed"
    case .skipped(let skip): "skipped \(skip)"
    case .watching(let what): "watching \(what)"
    case .troubled(let reason, let subject): "\(subject ?? "-"): \(reason)"
    case .recovered(let subject): "recovered: \(subject)"
    }
  }

  /// Runs one follower over a service; at each of its pauses the next step changes the names.
  ///
  /// - Returns: what was told and waited, step by step.
  private func run(
    _ services: [DNSService],
    _ steps: [@Sendable (NameScript) -> Void]
  ) async -> [[String]] {
    let script = StepScript(steps)
    let follower = DNSFollower(services) { [names] _ in
      names.ask
    } wait: { [names, told] pause in
      told.add("\(pause)")
      script.log(told.all)
      guard let step = script.next() else { throw CancellationError() }
      step(names)
    }
    await follower.follow { [told] in told.add(text($0)) }
    return script.lines
  }

  private final class StepScript: Sendable {
    private let steps: Mutex<ArraySlice<@Sendable (NameScript) -> Void>>
    private let logged = Mutex<[[String]]>([])

    init(_ steps: [@Sendable (NameScript) -> Void]) { self.steps = Mutex(steps[...]) }

    func next() -> (@Sendable (NameScript) -> Void)? { steps.withLock { $0.popFirst() } }
    func log(_ lines: [String]) { logged.withLock { $0.append(lines) } }
    var lines: [[String]] { logged.withLock { $0 } }
  }

  private let vllm = DNSService("vllm", record: .address(port: 80))

  @Test func `differences are told, at the pace of the records`() async {
    names["a vllm"] = addresses([1, 2], ttl: 20, name: "vllm")
    let steps = await run(
      [vllm],
      [
        { $0["a vllm"] = addresses([2, 3], ttl: 0, name: "vllm") },
        { $0["a vllm"] = addresses([2, 3], ttl: 4_000, name: "vllm") },
        { $0["a vllm"] = nil },
        { _ in },
      ]
    )
    #expect(
      steps == [
        ["+vllm/10.0.0.1:80", "+vllm/10.0.0.2:80", "listed", "20.0 seconds"],
        ["+vllm/10.0.0.3:80", "-vllm/10.0.0.1:80", "1.0 seconds"], ["300.0 seconds"],
        [
          "-vllm/10.0.0.2:80", "-vllm/10.0.0.3:80", "vllm: vllm: there are no such records",
          "9.0 seconds",
        ], ["9.0 seconds"],
      ]
    )
  }

  @Test func `an answer may be called old before its records are`() async {
    names["a vllm"] = addresses([1], ttl: 600, name: "vllm")
    let service = DNSService("vllm", record: .address(port: 80), maxTTL: .seconds(4))
    #expect(await run([service], [])[0].last == "4.0 seconds")
  }

  @Test func `a name server that fails takes nothing away, and is asked again and again`() async {
    names["a vllm"] = addresses([1], name: "vllm")
    let fail: @Sendable (NameScript) -> Void = { $0["a vllm"] = .failed("timeout") }
    let steps = await run(
      [vllm],
      [fail, fail, fail, fail, fail, fail, { $0["a vllm"] = addresses([1], name: "vllm") }]
    )
    #expect(steps[1] == ["vllm: vllm: timeout; the former backends stay", "1.0 seconds"])
    let pauses = steps[2...].flatMap { $0 }
    #expect(
      pauses == [2, 4, 8, 16, 30].map { "\(Double($0)) seconds" }
        + ["recovered: vllm", "5.0 seconds"]
    )
  }

  @Test func `each service has its own trouble, and its own end of it`() async {
    let told = Told()
    let looks = Mutex<[UInt16: Int]>([:])
    // Two of one name are told apart.
    let services = [
      DNSService("one", record: .address(port: 1)), DNSService("two", record: .address(port: 2)),
      DNSService("two", record: .address(port: 3)),
    ]
    let follower = DNSFollower(services) { service in
      { _, _ in
        guard case .address(let port) = service.record else { return .failed("no such record") }
        let look = looks.withLock { looks in
          looks[port, default: 0] += 1
          return looks[port]
        }
        // The second one is never well.
        if look == 1 || port == 2 { return .failed("timeout") }
        return addresses([1], name: service.name)
      }
    } wait: { _ in
      // A loop that never waits would keep a thread of the pool from the other services.
      await Task.yield()
      let isOver = looks.withLock { $0.count == 3 && $0.values.allSatisfy { $0 > 2 } }
      if isOver { throw CancellationError() }
    }
    await follower.follow { told.add(text($0)) }
    let troubles = told.all.filter { !$0.hasPrefix("+") && $0 != "listed" }
    #expect(
      troubles.sorted() == [
        "one: one: timeout", "recovered: one", "recovered: two, service 3",
        "two, service 2: two, service 2: timeout", "two, service 3: two, service 3: timeout",
      ]
    )
  }

  @Test func `an id belongs to the service that told of it first`() async {
    let other = DNSService("other", record: .srv)
    let third = DNSService("third", record: .srv)
    names["srv other"] = services([("a.test", 0, 1, 80)])
    names["srv third"] = services([("a.test", 0, 1, 80)])
    names["a a.test."] = addresses([1])
    let steps = await run([other, third], [])
    #expect(steps.flatMap { $0 }.count { $0 == "+a.test:80" } == 1)
    #expect(steps.flatMap { $0 }.count { $0 == "listed" } == 1)
  }

  @Test func `without services everything is told`() async {
    #expect(await run([], []) == [])
    #expect(told.all == ["listed"])
  }
}
