import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRDiscovery

/// What a discoverer tells, in short: `+id@address`, `-id`, `?id`, `!subject`, `listed`.
private struct Told: ~Copyable {
  private var iterator: AsyncStream<DiscoveryChange>.Iterator

  init(_ stream: AsyncStream<DiscoveryChange>) { iterator = stream.makeAsyncIterator() }

  mutating func next() async -> String {
    switch await iterator.next() {
    case .appeared(let backend)?: "+\(backend.id)@\(backend.endpoint.address)"
    case .disappeared(let id)?: "-\(id)"
    case .stirred(let id)?: "?\(id)"
    case .skipped(let skip)?: "!\(skip.subject)"
    case .listed?: "listed"
    case .watching(let what)?: "watching \(what)"
    case .troubled(let reason, let subject)?: "trouble with \(subject ?? "-"): \(reason)"
    case .recovered(let subject)?: "recovered: \(subject)"
    case nil: "end"
    }
  }

  mutating func next(_ count: Int) async -> [String] {
    var texts: [String] = []
    for _ in 0..<count { texts.append(await next()) }
    return texts
  }
}

@Suite(.timeLimit(.minutes(5)))
struct DockerDiscovererTests {
  private func watch(
    _ engine: FakeEngine,
    _ options: DockerOptions = DockerOptions(),
    _ test: (inout Told) async throws -> Void
  ) async throws {
    let client = try ControlClient()
    try await client.start()
    let discoverer = DockerDiscoverer(endpoint: engine.endpoint, options: options)
    var told = Told(discoverer.changes(using: client))
    do { try await test(&told) } catch {
      await client.stop()
      throw error
    }
    await client.stop()
    await engine.kill()
  }

  @Test func `it subscribes, then lists, then follows`() async throws {
    let engine = try FakeEngine()
    engine.run(1, "a", port: 8001)
    try await watch(engine) { told in
      #expect(
        await told.next(3) == [
          "watching \(engine.endpoint), API version 1.41", "+vllm-a@127.0.0.1:8001", "listed",
        ]
      )
      #expect(await engine.nextQuestion() == "/_ping")
      #expect(
        await engine.nextQuestion()
          == "/v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D"
      )
      #expect(await engine.nextQuestion() == "/v1.41/containers/json")
      engine.run(2, "b", port: 8002)
      engine.send(FakeEngine.event("create", 2), FakeEngine.event("start", 2))
      #expect(await told.next() == "+vllm-b@127.0.0.1:8002")
      engine.send(FakeEngine.event("health_status: unhealthy", 1))
      #expect(await told.next() == "?vllm-a")
      engine.send(FakeEngine.event("die", 2), FakeEngine.event("destroy", 2))
      engine.send(FakeEngine.event("pause", 1))
      #expect(await told.next(2) == ["-vllm-b", "-vllm-a"])
      engine.send(FakeEngine.event("unpause", 1))
      #expect(await told.next() == "+vllm-a@127.0.0.1:8001")
    }
  }

  @Test func `events are the same wherever they are cut`() async throws {
    let engine = try FakeEngine()
    engine.run(1, "a", port: 8001)
    try await watch(engine) { told in
      _ = await told.next(3)
      for size in [1, 2, 7, 64] {
        engine.send(FakeEngine.event("pause", 1), FakeEngine.event("unpause", 1), size: size)
        #expect(await told.next(2) == ["-vllm-a", "+vllm-a@127.0.0.1:8001"])
      }
      // Several events in one chunk, one event in several chunks.
      let both = FakeEngine.event("pause", 1) + "\n" + FakeEngine.event("unpause", 1)
      engine.send(both)
      #expect(await told.next(2) == ["-vllm-a", "+vllm-a@127.0.0.1:8001"])
      let event = FakeEngine.event("pause", 1) + "\n"
      let chunks = event.map { "1\r\n\($0)\r\n" }.joined()
      engine.sendRaw(chunks)
      #expect(await told.next() == "-vllm-a")
    }
  }

  @Test func `an engine that ends and starts again loses nothing`() async throws {
    let engine = try FakeEngine()
    engine.run(1, "a", port: 8001)
    engine.run(2, "b", port: 8002)
    try await watch(engine) { told in
      _ = await told.next(4)
      for round in 0..<5 {
        if round % 2 == 0 { await engine.kill() } else { engine.endEvents() }
        engine.remove(2)
        engine.run(3 + round, "c\(round)", port: 8003)
        if round % 2 == 0 {
          #expect(await told.next().hasPrefix("trouble"))
          try engine.start()
        }
        var texts: Set<String> = []
        let wanted: Set = [
          "+vllm-c\(round)@127.0.0.1:8003", round == 0 ? "-vllm-b" : "-vllm-c\(round - 1)",
        ]
        while !wanted.isSubset(of: texts) { texts.insert(await told.next()) }
        #expect(!texts.contains("-vllm-a"), "a dead engine takes no backend with it")
        engine.remove(3 + round)
      }
    }
  }

  @Test func `an engine that isn't there is waited for, and said once to be missing`() async throws
  {
    let engine = try FakeEngine()
    engine.run(1, "a", port: 8001)
    await engine.kill()
    try await watch(engine) { told in
      let trouble = await told.next()
      #expect(trouble.hasPrefix("trouble with \(engine.endpoint): nobody listens"))
      #expect(await told.next() == "listed", "nothing waits for an engine that isn't there")
      try engine.start()
      #expect(
        await told.next(3) == [
          "recovered: \(engine.endpoint)", "watching \(engine.endpoint), API version 1.41",
          "+vllm-a@127.0.0.1:8001",
        ]
      )
    }
  }

  @Test func `a proxy may refuse the ping, and the events`() async throws {
    let engine = try FakeEngine()
    engine.answerPing(answer("no", status: 403))
    engine.refuseEvents(answer("no", status: 403))
    engine.run(1, "a", port: 8001)
    var options = DockerOptions()
    options.pollInterval = .milliseconds(50)
    try await watch(engine, options) { told in
      #expect(await told.next().contains("403 to GET /events"))
      #expect(await told.next(2) == ["+vllm-a@127.0.0.1:8001", "listed"])
      #expect(await engine.nextQuestion() == "/_ping")
      #expect(await engine.nextQuestion()?.hasPrefix("/events") == true)
      #expect(await engine.nextQuestion() == "/containers/json")
      engine.remove(1)
      #expect(await told.next() == "-vllm-a", "that it only polls isn't over with a list")
    }
  }

  @Test func `more containers than are taken are said once, and when there are fewer`() async throws
  {
    let engine = try FakeEngine()
    var options = DockerOptions()
    options.listInterval = .milliseconds(50)
    try await watch(engine, options) { told in
      _ = await told.next(2)
      let rows = String(repeating: "{},", count: DiscoveryLimits.containers) + "{}"
      engine.list("[\(rows)]")
      let subject = "containers of \(engine.endpoint)"
      #expect(await told.next().hasPrefix("trouble with \(subject): \(engine.endpoint) runs"))
      // A new connection ends it as little as another list that is cut.
      await engine.kill()
      #expect(await told.next().hasPrefix("trouble with \(engine.endpoint): "))
      try engine.start()
      var next = await told.next()
      // How the connection ended may be told in several ways.
      while next.hasPrefix("trouble with \(engine.endpoint): ") { next = await told.next() }
      #expect(next == "recovered: \(engine.endpoint)")
      #expect(await told.next().hasPrefix("watching"))
      engine.list(nil)
      #expect(await told.next() == "recovered: \(subject)")
    }
  }

  @Test(arguments: [("1.99", "/v1.51/"), ("1.24", "/v1.24/"), ("nonsense", "/events")])
  func `the version is negotiated`(theirs: String, asked: String) async throws {
    let engine = try FakeEngine(version: theirs)
    try await watch(engine) { told in
      _ = await told.next(2)
      _ = await engine.nextQuestion()
      #expect(await engine.nextQuestion()?.hasPrefix(asked) == true)
    }
  }

  @Test func `lines that are too long or no events are skipped, and everything is listed`()
    async throws
  {
    let engine = try FakeEngine()
    try await watch(engine) { told in
      _ = await told.next(2)
      engine.run(1, "a", port: 8001)
      engine.send(String(repeating: "x", count: DiscoveryLimits.eventLine + 1))
      #expect(await told.next().hasPrefix("trouble with -: \(engine.endpoint) sent 1 events"))
      #expect(await told.next() == "+vllm-a@127.0.0.1:8001")
      engine.run(2, "b", port: 8002)
      engine.send(#"{"Type":"container","Action":7}"#, "{{{", "\u{1b}[31m")
      #expect(await told.next().contains("4 events so far"))
      #expect(await told.next() == "+vllm-b@127.0.0.1:8002")
      engine.send(FakeEngine.event("die", 1))
      #expect(await told.next() == "-vllm-a", "what follows is read as before")
    }
  }

  @Test(arguments: ["", "{}", #"{"message":"no"}"#, "[", "\u{0}"])
  func `an answer that is no list is trouble, and tried again`(list: String) async throws {
    let engine = try FakeEngine()
    engine.run(1, "a", port: 8001)
    engine.list(list)
    try await watch(engine) { told in
      #expect(await told.next().hasPrefix("trouble"))
      #expect(await told.next() == "listed")
      engine.list(nil)
      #expect(
        await told.next(3) == [
          "recovered: \(engine.endpoint)", "watching \(engine.endpoint), API version 1.41",
          "+vllm-a@127.0.0.1:8001",
        ]
      )
    }
  }

  @Test func `what no event told is found by a list from time to time`() async throws {
    let engine = try FakeEngine()
    var options = DockerOptions()
    options.listInterval = .milliseconds(50)
    try await watch(engine, options) { told in
      _ = await told.next(2)
      engine.run(1, "a", port: 8001)
      #expect(await told.next() == "+vllm-a@127.0.0.1:8001")
      engine.remove(1)
      #expect(await told.next() == "-vllm-a")
    }
  }

  @Test func `giving the changes up closes the connections`() async throws {
    let engine = try FakeEngine()
    let client = try ControlClient()
    try await client.start()
    do {
      let changes = DockerDiscoverer(endpoint: engine.endpoint).changes(using: client)
      for await change in changes where change == .listed { break }
    }
    await engine.waitForQuestion("/v1.41/containers")
    await engine.waitForEventsToClose()
    await client.stop()
    await engine.kill()
  }

  @Test func `a hundred containers that start at once are all found`() async throws {
    let engine = try FakeEngine()
    try await watch(engine) { told in
      _ = await told.next(2)
      for number in 1...100 { engine.run(number, "c\(number)", port: 8000 + number) }
      for number in 1...100 { engine.send(FakeEngine.event("start", number)) }
      let found = Set(await told.next(100))
      #expect(found == Set((1...100).map { "+vllm-c\($0)@127.0.0.1:\(8000 + $0)" }))
    }
  }
}
