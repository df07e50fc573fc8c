import OAIRDiscovery
import OAIRRouting
import OAIRSys
import Synchronization
import TestSupport
import Testing

/// Tells what it is told to tell.
private struct ScriptedDiscoverer: Discoverer {
  let name: String
  private let stream: AsyncStream<DiscoveryChange>
  private let continuation: AsyncStream<DiscoveryChange>.Continuation

  init(_ name: String) {
    self.name = name
    (stream, continuation) = AsyncStream.makeStream(of: DiscoveryChange.self)
  }

  func changes(using client: ControlClient) -> AsyncStream<DiscoveryChange> { stream }
  func tell(_ change: DiscoveryChange) { continuation.yield(change) }
}

@Suite(.offThePool)
struct ControlPlaneTests {
  private let tables: AsyncStream<RouteTable>
  private let registry: BackendRegistry

  init() {
    let (tables, continuation) = AsyncStream.makeStream(of: RouteTable.self)
    self.tables = tables
    registry = BackendRegistry(
      options: RegistryOptions(
        health: HealthPolicy(interval: .milliseconds(100)),
        awaitedDiscoverers: ["one"]
      )
    ) { continuation.yield($0) }
  }

  /// The first table that fits; the test's time limit ends the wait for one that never comes.
  private func table(where fits: (RouteTable) -> Bool) async -> RouteTable? {
    for await table in tables where fits(table) { return table }
    return nil
  }

  private func state(_ table: RouteTable, _ id: String) -> BackendState? {
    table.backends.first { $0.record.id == id }?.state
  }

  private func backend(_ id: String, _ address: SocketAddress) -> Backend {
    Backend(id: id, kind: .auto, endpoint: Endpoint(address: address), source: .docker)
  }

  @Test(.timeLimit(.minutes(5)))
  func `a backend that appears is found out, listed and watched until it goes away`()
    async throws
  {
    let react: @Sendable (String) -> ScriptedServer.Reaction = {
      .respond([$0 == "/health" ? answer("") : answer(RecordedAnswers.vllmModels)])
    }
    let server = try ScriptedServer(react: react)
    let discoverer = ScriptedDiscoverer("one")
    let plane = ControlPlane(
      registry: registry,
      client: try ControlClient(),
      discoverers: [discoverer]
    )
    try await plane.start()
    discoverer.tell(.appeared(backend("a", server.address)))
    discoverer.tell(.listed)
    let up = try #require(await table { $0.modelCount == 2 && $0.isListed })
    #expect(state(up, "a") == .ready)
    #expect(up.backends.first?.record.kind == .vllm)

    await server.stopAndWait()
    let down = try #require(await table { state($0, "a") == .down })
    #expect(down.modelCount == 0 && down.backends.first?.lastError != nil)

    let port = try #require(server.address.port)
    let again = try ScriptedServer(port: port, react: react)
    defer { again.stop() }
    let back = try #require(await table { state($0, "a") == .ready })
    #expect(back.modelCount == 2)

    discoverer.tell(.disappeared(id: "a"))
    let gone = try #require(await table { $0.totalCount == 0 })
    #expect(gone.entryCount == 2)
    await plane.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `a discoverer can't take away what another source has told`() async throws {
    let nobody = try closedAddress()
    let events = Mutex<[String]>([])
    let discoverer = ScriptedDiscoverer("one")
    let (reports, continuation) = AsyncStream.makeStream(of: ControlPlaneEvent.self)
    let plane = ControlPlane(
      registry: registry,
      client: try ControlClient(),
      discoverers: [discoverer]
    ) { continuation.yield($0) }
    try await plane.start()
    var mine = backend("a", nobody)
    mine.source = .flag
    await registry.register(mine)
    discoverer.tell(.appeared(backend("a", .loopback(port: 1))))
    discoverer.tell(.disappeared(id: "a"))
    discoverer.tell(.disappeared(id: "never seen"))
    discoverer.tell(.stirred(id: "a"))
    discoverer.tell(.troubled("no socket", about: "x"))
    discoverer.tell(.troubled("no socket", about: "x"))
    discoverer.tell(.recovered(about: "x"))
    discoverer.tell(.recovered(about: "x"))
    discoverer.tell(.troubled("odd"))
    discoverer.tell(.troubled("odd"))
    discoverer.tell(.listed)
    for await report in reports {
      switch report {
      case .found(let backend, let name, .refused):
        events.withLock { $0.append("\(backend.id) \(name)") }
      case .found, .lost, .skipped, .watching: events.withLock { $0.append("wrong") }
      case .troubled(let name, let reason, let what):
        events.withLock { $0.append("\(name): \(what ?? "-") \(reason)") }
      case .recovered(let name, let what): events.withLock { $0.append("\(name): \(what) well") }
      case .listed: continuation.finish()
      }
    }
    #expect(
      events.withLock { $0 }
        == ["a one", "one: x no socket", "one: x well", "one: - odd", "one: - odd"]
    )
    let snapshot = await registry.snapshot()
    #expect(snapshot.map(\.backend.endpoint.address) == [nobody])
    await plane.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `the router itself is never a backend, whoever tells of it`() async throws {
    let discoverer = ScriptedDiscoverer("one")
    let (reports, continuation) = AsyncStream.makeStream(of: ControlPlaneEvent.self)
    let plane = ControlPlane(
      registry: registry,
      client: try ControlClient(),
      discoverers: [discoverer],
      own: [.loopback(port: 9)]
    ) { continuation.yield($0) }
    try await plane.start()
    discoverer.tell(.appeared(backend("me", .loopback(port: 9))))
    discoverer.tell(.disappeared(id: "me"))
    discoverer.tell(.watching("the mirror"))
    discoverer.tell(.skipped(DiscoverySkip("x", reason: "y")))
    discoverer.tell(.listed)
    var texts: [String] = []
    for await report in reports {
      switch report {
      case .found(_, _, let outcome): texts.append("\(outcome)")
      case .watching(let what, let name): texts.append("\(name): \(what)")
      case .skipped(let skip, let name): texts.append("\(name): \(skip.subject) \(skip.reason)")
      case .listed: continuation.finish()
      case .lost, .troubled, .recovered: texts.append("wrong")
      }
    }
    #expect(
      texts == [
        "\(RegistrationOutcome.refused("this router itself listens there"))", "one: the mirror",
        "one: x y",
      ]
    )
    #expect(await registry.snapshot().isEmpty)
    await plane.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `a backend that loads becomes ready by itself`() async throws {
    let asked = Mutex(0)
    let server = try ScriptedServer { _ in
      let count = asked.withLock { count in
        count += 1
        return count
      }
      let fields = "Server: llama.cpp\r\n"
      return .respond([
        count < 4
          ? answer(RecordedAnswers.llamaLoading, status: 503, fields: fields)
          : answer(RecordedAnswers.llamaModels, fields: fields)
      ])
    }
    defer { server.stop() }
    let plane = ControlPlane(
      registry: registry,
      client: try ControlClient(),
      discoverers: [
        StaticDiscoverer(
          [try ConfiguredBackend(id: "a", url: "http://\(server.address)")],
          name: "one"
        )
      ]
    )
    try await plane.start()
    let loading = try #require(await table { state($0, "a") == .loading })
    #expect(loading.modelCount == 0)
    let ready = try #require(await table { $0.modelCount == 1 })
    #expect(state(ready, "a") == .ready && ready.isListed)
    #expect(server.targets.prefix(2) == ["/v1/models", "/health"])
    await plane.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `a stopped control plane asks nobody any more`() async throws {
    let server = try ScriptedServer { _ in .respond([answer(RecordedAnswers.vllmModels)]) }
    let plane = ControlPlane(registry: registry, client: try ControlClient())
    try await plane.start()
    await registry.register(backend("a", server.address))
    _ = await table { $0.modelCount == 2 }
    await plane.stop()
    await server.stopAndWait()
    #expect(await registry.table.modelCount == 2)
  }

  @Test(.timeLimit(.minutes(5)))
  func `a name that gets another address moves its backend, without a gap`() async throws {
    let old = try ScriptedServer { _ in .respond([answer(RecordedAnswers.vllmModels)]) }
    let new = try ScriptedServer { _ in .respond([answer(RecordedAnswers.vllmModels)]) }
    defer { old.stop() }
    defer { new.stop() }
    let hasMoved = Mutex(false)
    let (before, after) = (old.address, new.address)
    let names = StaticDiscoverer(
      [try ConfiguredBackend(id: "a", url: "http://gpu:8000")],
      name: "one",
      interval: .milliseconds(5)
    ) { _, _ in [hasMoved.withLock { $0 } ? after : before] }
    let plane = ControlPlane(
      registry: registry,
      client: try ControlClient(),
      discoverers: [names]
    )
    try await plane.start()
    _ = try #require(await table { $0.modelCount == 2 })
    hasMoved.withLock { $0 = true }
    for await table in tables {
      // Known to have its models at either address, whatever table one looks at.
      #expect(table.modelCount == 2)
      let backend = try #require(table.backends.first)
      if backend.record.address == after, backend.state == .ready { break }
    }
    #expect(await registry.backend(id: "a")?.backend.endpoint.host == "gpu:8000")
    await plane.stop()
  }

  @Test(.timeLimit(.minutes(5)))
  func `an unknown Ollama is found out, listed, and looked into`() async throws {
    let answers = [
      "/v1/models": RecordedAnswers.ollamaModels, "/api/version": RecordedAnswers.ollamaVersion,
      "/api/tags": RecordedAnswers.ollamaTags, "/api/ps": RecordedAnswers.ollamaProcesses,
    ]
    let server = try ScriptedServer { target in
      .respond([answers[target].map { answer($0) } ?? answer("{}", status: 404)])
    }
    defer { server.stop() }
    let plane = ControlPlane(registry: registry, client: try ControlClient())
    try await plane.start()
    await registry.register(backend("a", server.address))
    let found = try #require(
      await table { String(decoding: $0.processesBody, as: UTF8.self).contains("expires_at") }
    )
    #expect(
      found.processesBody == Array(RecordedAnswers.ollamaProcesses.utf8)
        && found.tagsBody == Array(RecordedAnswers.ollamaTags.utf8)
    )
    #expect(found.versionBody == Array(RecordedAnswers.ollamaVersion.utf8))
    #expect(found.backends.first?.record.kind == .ollama)
    await plane.stop()
  }
}
