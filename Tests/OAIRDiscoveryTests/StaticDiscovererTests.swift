import OAIRDiscovery
import OAIRRouting
import OAIRSys
import Synchronization
import Testing

/// Answers of a name service, one after the other; the last one for ever.
private final class Names: Sendable {
  private let answers: Mutex<[[UInt32]]>

  init(_ answers: [[UInt32]]) { self.answers = Mutex(answers) }

  func next(port: UInt16) -> [SocketAddress] {
    answers.withLock { answers in
      let answer = answers.count > 1 ? answers.removeFirst() : answers[0]
      return answer.map { .ipv4($0, port: port) }
    }
  }
}

struct StaticDiscovererTests {
  private func discoverer(_ urls: [String], _ answers: [[UInt32]] = [[]]) throws
    -> StaticDiscoverer
  {
    let names = Names(answers)
    let backends = try urls.enumerated().map {
      try ConfiguredBackend(id: "b\($0.offset)", url: $0.element)
    }
    return StaticDiscoverer(
      backends,
      interval: .milliseconds(2),
      retry: .milliseconds(1),
      resolve: { _, port in names.next(port: port) }
    )
  }

  private func text(_ change: DiscoveryChange) -> String {
    switch change {
    case .appeared(let backend): "\(backend.id)@\(backend.endpoint.address)"
    case .disappeared(let id): "-\(id)"
    case .stirred(let id): "?\(id)"
    case .skipped(let skip): "skipped \(skip.subject)"
    case .watching(let what): "watching \(what)"
    case .listed: "listed"
    case .troubled(let reason, let subject): "trouble with \(subject ?? "-"): \(reason)"
    case .recovered(let subject): "recovered: \(subject)"
    }
  }

  private func first(_ count: Int, of discoverer: StaticDiscoverer) async throws -> [String] {
    // It needs none: names are resolved the system's way.
    let client = try ControlClient()
    var texts: [String] = []
    for await change in discoverer.changes(using: client) {
      texts.append(text(change))
      if texts.count == count { break }
    }
    return texts
  }

  @Test func `addresses are known, and that is all`() async throws {
    let discoverer = try discoverer(["http://10.0.0.1", "unix:/x"])
    let known = discoverer.known.map { text(.appeared($0)) }
    #expect(known == ["b0@10.0.0.1:80", "b1@unix:/x"])
    #expect(try await first(100, of: discoverer) == ["listed"])
    let nothing = try self.discoverer([])
    #expect(nothing.known.isEmpty)
    #expect(try await first(100, of: nothing) == ["listed"])
  }

  @Test func `a name is told when it resolves, before the list counts as complete`() async throws {
    let discoverer = try discoverer(["http://gpu", "10.0.0.1"], [[5, 6]])
    #expect(discoverer.known.map { text(.appeared($0)) } == ["b1@10.0.0.1:80"])
    #expect(try await first(2, of: discoverer) == ["b0@0.0.0.5:80", "listed"])
  }

  @Test func `a name that fails is tried again, and said once to fail`() async throws {
    let discoverer = try discoverer(["http://gpu"], [[], [], [], [7]])
    let trouble = "trouble with b0: \"gpu\" of backend \"b0\" has no address"
    let came = try await first(4, of: discoverer)
    #expect(came == [trouble, "listed", "b0@0.0.0.7:80", "recovered: b0"])
  }

  @Test func `a change of addresses is told, a change of their order isn't`() async throws {
    let discoverer = try discoverer(["http://gpu"], [[1, 2], [2, 1], [], [3, 1], [2, 3], [3]])
    #expect(
      try await first(4, of: discoverer)
        == ["b0@0.0.0.1:80", "listed", "b0@0.0.0.2:80", "b0@0.0.0.3:80"]
    )
  }
}
