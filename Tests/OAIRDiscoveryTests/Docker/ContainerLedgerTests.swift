import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRDiscovery

/// Steps in short: `+id@address`, `-id`, `?id` (a probe), `!what` (skipped), `all`, `some 1,2`.
private func text(_ steps: [ContainerLedger.Step]) -> [String] {
  steps.map { step in
    switch step {
    case .tell(.appeared(let backend)): "+\(backend.id)@\(backend.endpoint.address)"
    case .tell(.disappeared(let id)): "-\(id)"
    case .tell(.stirred(let id)): "?\(id)"
    case .tell(.skipped(let skip)): "!\(skip.subject)"
    case .tell(.listed): "listed"
    case .tell(.watching(let what)): "watching \(what)"
    case .tell(.troubled(let reason, let subject)): "trouble with \(subject ?? "-"): \(reason)"
    case .tell(.recovered(let subject)): "recovered: \(subject)"
    case .ask(.all): "all"
    case .ask(.some(let ids)):
      "some \(ids.map { "\(Int($0, radix: 16) ?? -1)" }.joined(separator: ","))"
    case .wait(let duration, let id): "wait \(duration) for \(Int(id, radix: 16) ?? -1)"
    case .resolve(_, let configured): "resolve \(configured.url)"
    }
  }
}

struct ContainerLedgerTests {
  private var ledger = ContainerLedger()
  private let mapping = ContainerMapping(options: DockerOptions(), vantage: .onHost)

  private static func container(_ number: Int, _ name: String, last: Int) -> Container {
    .running(number, name, address: "172.17.0.\(last)")
  }

  private mutating func answer(_ containers: [Container]) -> [String] {
    text(ledger.take(answer: containers, mapping))
  }

  private mutating func take(_ event: ContainerEvent) -> [String] { text(ledger.take(event)) }

  /// A ledger that has listed one container, `a`.
  private static func listed() -> ContainerLedgerTests {
    var test = ContainerLedgerTests()
    _ = test.ledger.wantAll()
    _ = test.answer([container(1, "a", last: 2)])
    return test
  }

  @Test func `the first list is told, then that it was listed`() {
    var test = Self()
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(text(test.ledger.wantAll()).isEmpty, "one question at a time")
    let steps = test.answer([
      Self.container(1, "a", last: 2), .running(2, "db", image: "postgres"),
    ])
    #expect(steps == ["!db", "+vllm-a@172.17.0.2:8000", "listed", "all"])
    #expect(
      test.answer([Self.container(1, "a", last: 2), .running(2, "db", image: "postgres")]) == []
    )
  }

  @Test func `a start is looked up, an end takes effect at once`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(2), name: nil)) == ["some 2"])
    #expect(test.answer([Self.container(2, "b", last: 3)]) == ["+vllm-b@172.17.0.3:8000"])
    #expect(test.take(.ended(id: containerID(1))) == ["-vllm-a"])
    #expect(test.take(.ended(id: containerID(1))) == [], "die, then destroy")
    #expect(test.take(.ended(id: containerID(7))) == [], "one that was never known")
  }

  @Test func `one that ends while it is looked up never appears`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(2), name: nil)) == ["some 2"])
    #expect(test.take(.ended(id: containerID(2))) == [])
    #expect(
      test.answer([Self.container(2, "b", last: 3)]) == [],
      "the answer is older than the end"
    )
  }

  @Test func `one that starts again while it is looked up is looked up again`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(2), name: nil)) == ["some 2"])
    #expect(test.take(.ended(id: containerID(2))) == [])
    #expect(test.take(.changed(id: containerID(2), name: nil)) == [])
    #expect(test.answer([Self.container(2, "b", last: 3)]) == ["some 2"])
    #expect(test.answer([Self.container(2, "b", last: 4)]) == ["+vllm-b@172.17.0.4:8000"])
  }

  @Test func `events during the list outrank it`() {
    var test = Self.listed()
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(test.take(.ended(id: containerID(1))) == ["-vllm-a"])
    #expect(test.take(.changed(id: containerID(2), name: nil)) == [])
    // The list was made before both.
    #expect(test.answer([Self.container(1, "a", last: 2)]) == ["some 2"])
    #expect(test.answer([Self.container(2, "b", last: 3)]) == ["+vllm-b@172.17.0.3:8000"])
  }

  @Test func `one that an event calls usable and the list doesn't is looked at again`() {
    var test = Self.listed()
    let id = containerID(1)
    #expect(test.take(.ended(id: id)) == ["-vllm-a"])
    #expect(test.take(.changed(id: id, name: "b")) == ["some 1"])
    var paused = Self.container(1, "a", last: 2)
    paused.isRunning = false
    #expect(test.answer([paused]) == ["wait 0.02 seconds for 1"])
    #expect(text(test.ledger.lookAgain(at: id)) == ["some 1"])
    #expect(test.answer([]) == ["wait 0.2 seconds for 1"])
    #expect(text(test.ledger.lookAgain(at: id)) == ["some 1"])
    #expect(test.answer([Self.container(1, "a", last: 2)]) == ["+vllm-b@172.17.0.2:8000"])
    #expect(text(test.ledger.lookAgain(at: id)) == [], "it was found")
  }

  @Test func `a list that still shows what has ended isn't believed, until there is an event`() {
    var test = Self.listed()
    let list = [Self.container(1, "a", last: 2)]
    #expect(test.take(.ended(id: containerID(1))) == ["-vllm-a"])
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(test.answer(list) == [])
    #expect(test.take(.changed(id: containerID(1), name: nil)) == ["some 1"])
    #expect(test.answer(list) == ["+vllm-a@172.17.0.2:8000"])
    #expect(test.take(.ended(id: containerID(1))) == ["-vllm-a"])
    #expect(text(test.ledger.eventsMissed()) == ["all"])
    #expect(test.answer(list) == ["+vllm-a@172.17.0.2:8000"], "its start may have been missed")
    #expect(test.take(.ended(id: containerID(1))) == ["-vllm-a"])
    test.ledger.connectionLost()
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(test.answer(list) == ["+vllm-a@172.17.0.2:8000"], "so may events in a gap")
    // A list that agrees with the end settles it.
    #expect(test.take(.ended(id: containerID(1))) == ["-vllm-a"])
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(test.answer([]) == [])
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(test.answer(list) == ["+vllm-a@172.17.0.2:8000"])
  }

  @Test func `looking again ends, and an end ends it`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(2), name: nil)) == ["some 2"])
    for time in ["0.02", "0.2", "2.0"] {
      #expect(test.answer([]) == ["wait \(time) seconds for 2"])
      #expect(text(test.ledger.lookAgain(at: containerID(2))) == ["some 2"])
    }
    #expect(test.answer([]) == [])
    #expect(text(test.ledger.lookAgain(at: containerID(2))) == [])
    #expect(test.take(.changed(id: containerID(3), name: nil)) == ["some 3"])
    #expect(test.answer([]) == ["wait 0.02 seconds for 3"])
    #expect(test.take(.ended(id: containerID(3))) == [])
    #expect(text(test.ledger.lookAgain(at: containerID(3))) == [])
  }

  @Test func `many starts are looked up together, within a bound`() {
    var test = Self.listed()
    let most = DiscoveryLimits.containersPerQuestion
    #expect(test.take(.changed(id: containerID(100), name: nil)) == ["some 100"])
    for number in 101...(101 + most) {
      #expect(test.take(.changed(id: containerID(number), name: nil)) == [])
    }
    #expect(test.take(.changed(id: containerID(101), name: nil)) == [], "it waits already")
    let first = test.answer([Self.container(100, "x", last: 9)])
    #expect(
      first.dropFirst() == ["some \((101..<(101 + most)).map(String.init).joined(separator: ","))"]
    )
    let rest = (101..<(101 + most)).map { Self.container($0, "c\($0)", last: $0) }
    #expect(test.answer(rest).last == "some \(101 + most)")
  }

  @Test func `pause and unpause, restart`() {
    var test = Self.listed()
    let id = containerID(1)
    #expect(test.take(.ended(id: id)) == ["-vllm-a"])
    #expect(test.take(.changed(id: id, name: nil)) == ["some 1"])
    #expect(test.answer([Self.container(1, "a", last: 2)]) == ["+vllm-a@172.17.0.2:8000"])
    // kill, die, stop, start
    #expect(test.take(.stirred(id: id)) == ["?vllm-a"])
    #expect(test.take(.ended(id: id)) == ["-vllm-a"])
    #expect(test.take(.stopped(id: id)) == [])
    #expect(test.take(.changed(id: id, name: nil)) == ["some 1"])
    #expect(test.answer([Self.container(1, "a", last: 5)]) == ["+vllm-a@172.17.0.5:8000"])
    #expect(test.take(.stirred(id: containerID(9))) == [])
  }

  @Test func `a stop that comes behind a new start is looked into`() {
    var test = Self.listed()
    #expect(test.take(.stopped(id: containerID(1))) == ["-vllm-a", "some 1"])
    #expect(test.answer([Self.container(1, "a", last: 2)]) == ["+vllm-a@172.17.0.2:8000"])
  }

  @Test func `a renamed container is the same engine all the time`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(1), name: nil)) == ["some 1"])
    #expect(
      test.answer([Self.container(1, "b", last: 2)]) == ["+vllm-b@172.17.0.2:8000", "-vllm-a"]
    )
  }

  @Test func `the event's name counts over the list's, which may have both`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(1), name: "b")) == ["some 1"])
    #expect(
      test.answer([Self.container(1, "a", last: 2)]) == ["+vllm-b@172.17.0.2:8000", "-vllm-a"]
    )
    _ = test.ledger.wantAll()
    #expect(test.answer([Self.container(1, "b", last: 2)]) == [])
  }

  @Test func `a name that moves to another container is told at its new place`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(1), name: nil)) == ["some 1"])
    #expect(test.take(.changed(id: containerID(2), name: nil)) == [])
    #expect(
      test.answer([Self.container(1, "old_a", last: 2)])
        == ["+vllm-old_a@172.17.0.2:8000", "-vllm-a", "some 2"]
    )
    #expect(test.answer([Self.container(2, "a", last: 3)]) == ["+vllm-a@172.17.0.3:8000"])
  }

  @Test func `two containers with one id: the first keeps it, and the other follows it`() {
    var test = Self.listed()
    #expect(test.take(.changed(id: containerID(2), name: nil)) == ["some 2"])
    #expect(test.answer([Self.container(2, "a", last: 3)]) == ["!vllm-a"])
    _ = test.ledger.wantAll()
    let both = [Self.container(1, "a", last: 2), Self.container(2, "a", last: 3)]
    #expect(test.answer(both) == [], "it was said once")
    #expect(test.take(.ended(id: containerID(1))) == ["+vllm-a@172.17.0.3:8000"])
  }

  @Test func `what a list doesn't show is gone, and a lost connection takes nothing away`() {
    var test = Self.listed()
    test.ledger.connectionLost()
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(
      test.answer([Self.container(2, "b", last: 3)]) == ["+vllm-b@172.17.0.3:8000", "-vllm-a"]
    )
    test.ledger.connectionLost()
    #expect(test.answer([]) == [], "an answer of a connection that is gone")
    #expect(text(test.ledger.wantAll()) == ["all"])
    #expect(test.answer([Self.container(2, "b", last: 3)]) == [], "nothing has changed")
  }

  @Test func `paused containers are none`() {
    var test = Self()
    _ = test.ledger.wantAll()
    var paused = Self.container(1, "a", last: 2)
    paused.isRunning = false
    #expect(test.answer([paused]) == ["listed"])
  }

  @Test func `a name is resolved, and told when it is`() throws {
    var test = Self()
    _ = test.ledger.wantAll()
    let named = Container.running(1, "a", labels: ["oairouter.url": "http://gpu:9"])
    #expect(test.answer([named]) == ["resolve http://gpu:9", "listed"])
    guard case .unresolved(let configured) = test.mapping.map(named) else {
      Issue.record("resolved")
      return
    }
    func resolved(_ addresses: [UInt32]) -> [String] {
      text(
        test.ledger.take(
          addresses: addresses.map { .ipv4($0, port: 9) },
          of: configured,
          container: containerID(1),
          test.mapping
        )
      )
    }
    let trouble = "trouble with vllm-a: http://gpu:9 of vllm-a has no address"
    #expect(resolved([]) == [trouble])
    // The next list asks again; the same is told once.
    _ = test.ledger.wantAll()
    #expect(test.answer([named]) == ["resolve http://gpu:9"])
    #expect(resolved([]) == [])
    #expect(resolved([5, 6]) == ["+vllm-a@0.0.0.5:9", "recovered: vllm-a"])
    // The next list asks again, and the answer's order doesn't matter.
    _ = test.ledger.wantAll()
    #expect(test.answer([named]) == ["resolve http://gpu:9"])
    #expect(resolved([6, 5]) == [])
    _ = test.ledger.wantAll()
    #expect(test.answer([named]) == ["resolve http://gpu:9"])
    #expect(resolved([]) == [], "a name service that is down takes nothing away")
    #expect(test.take(.ended(id: containerID(1))) == ["-vllm-a"])
    #expect(resolved([5]) == [], "too late")
    // A container that is gone has no trouble any more.
    #expect(test.take(.changed(id: containerID(1), name: nil)) == ["some 1"])
    #expect(test.answer([named]) == ["resolve http://gpu:9"])
    #expect(resolved([]) == [trouble])
    #expect(test.take(.ended(id: containerID(1))) == ["recovered: vllm-a"])
  }

  @Test func `a resolved address must be allowed too`() {
    var options = DockerOptions()
    options.allowed = [AddressRange("10.0.0.0/8")].compactMap { $0 }
    let strict = ContainerMapping(options: options, vantage: .onHost)
    var ledger = ContainerLedger()
    _ = ledger.wantAll()
    let named = Container.running(1, "a", labels: ["oairouter.url": "http://gpu:9"])
    _ = ledger.take(answer: [named], strict)
    guard case .unresolved(let configured) = strict.map(named) else {
      Issue.record("resolved")
      return
    }
    let steps = ledger.take(
      addresses: [.ipv4(0xc000_0201, port: 9)],
      of: configured,
      container: containerID(1),
      strict
    )
    #expect(text(steps) == ["!vllm-a"])
  }
}
