import OAIRRouting
import OAIRSys
import Synchronization
import TestSupport
import Testing

@testable import OAIRDiscovery

@Suite(.offThePool, .timeLimit(.minutes(5)))
struct LocalPortDiscovererTests {
  /// The first changes, in short.
  private func first(
    _ count: Int,
    ports: [UInt16],
    own: [SocketAddress] = [],
    after change: ((Int) async -> Void)? = nil
  ) async throws -> [String] {
    let client = try ControlClient()
    try await client.start()
    let discoverer = LocalPortDiscoverer(ports: ports, own: own, interval: .milliseconds(5))
    var texts: [String] = []
    for await told in discoverer.changes(using: client) {
      switch told {
      case .appeared(let backend):
        texts.append("+\(backend.id) \(backend.kind) \(backend.source)")
      case .disappeared(let id): texts.append("-\(id)")
      case .skipped(let skip): texts.append("!\(skip.subject) \(skip.reason)")
      case .listed: texts.append("listed")
      case .watching, .stirred, .recovered: continue
      case .troubled(let reason, _): texts.append("trouble \(reason)")
      }
      await change?(texts.count)
      if texts.count == count { break }
    }
    await client.stop()
    return texts
  }

  @Test func `a server is found, once, as what a scan found`() async throws {
    let server = try ScriptedServer { _ in .respond([answer(RecordedAnswers.vllmModels)]) }
    defer { server.stop() }
    let port = try #require(server.address.port)
    #expect(
      try await first(2, ports: [port]) == ["+local-\(port) vllm portScan", "listed"]
    )
  }

  @Test func `one that ends is gone, one that starts is found`() async throws {
    let react: @Sendable (String) -> ScriptedServer.Reaction = { _ in
      .respond([answer(RecordedAnswers.ollamaNone)])
    }
    let server = try ScriptedServer(react: react)
    let port = try #require(server.address.port)
    let again = Mutex<ScriptedServer?>(nil)
    let told = try await first(5, ports: [port]) { count in
      if count == 2 { await server.stopAndWait() }
      if count == 4 {
        let next = try? ScriptedServer(port: port, react: react)
        again.withLock { $0 = next }
      }
    }
    again.withLock { $0?.stop() }
    #expect(
      told == [
        "+local-\(port) auto portScan", "listed", "-local-\(port)",
        "!127.0.0.1:\(port) nobody listens", "+local-\(port) auto portScan",
      ]
    )
  }

  @Test func `this router isn't asked at all`() async throws {
    let server = try ScriptedServer { _ in .respond([answer(RecordedAnswers.vllmModels)]) }
    defer { server.stop() }
    let port = try #require(server.address.port)
    for own in [SocketAddress.loopback(port: port), .ipv4(0, port: port)] {
      let told = try await first(2, ports: [port], own: [own])
      #expect(told == ["!127.0.0.1:\(port) this router itself", "listed"])
    }
    #expect(server.targets.isEmpty)
  }

  @Test(arguments: [
    (answer(RecordedAnswers.vllmModels, fields: "Server: oairouter\r\n"), "another oairouter"),
    (answer("<html>"), "no inference server"), (answer("no", status: 404), "answered 404"),
    (answer("{}", status: 401), "wants a key"), (answer("{}", status: 403), "wants a key"),
    (answer(RecordedAnswers.llamaLoading, status: 503), "isn't ready"),
    ("SSH-2.0-OpenSSH_9.2\r\n", "doesn't speak HTTP"),
  ])
  func `others are skipped with the reason, said once`(response: String, reason: String)
    async throws
  {
    let server = try ScriptedServer { _ in .respond([response]) }
    defer { server.stop() }
    let port = try #require(server.address.port)
    let told = try await first(2, ports: [port]) { _ in }
    #expect(told[0].hasPrefix("!127.0.0.1:\(port) ") && told[0].contains(reason))
    #expect(told[1] == "listed")
  }

  @Test func `what says nothing about the server changes nothing`() {
    var watch = PortWatch(1, isOwn: false)
    #expect(watch.take(.unknown).isEmpty)
    #expect(watch.take(.server(.ollama)).count == 1)
    #expect(watch.take(.unknown).isEmpty)
    #expect(watch.take(.nobody).isEmpty, "once may be a restart")
    #expect(watch.isDue(in: 1), "it is looked at again soon")
    #expect(watch.take(.server(.ollama)).isEmpty)
    #expect(!watch.isDue(in: 1) && watch.isDue(in: 15))
    #expect(watch.take(.nobody).isEmpty)
    #expect(watch.take(.nobody).first == .disappeared(id: "local-1"))
  }
}
