import OAIRDiscovery
import OAIRRouting
import OAIRSys
import TestSupport
import Testing

@Suite(.offThePool)
struct HealthProberTests {
  private func order(
    _ address: SocketAddress,
    _ kind: Backend.Kind,
    prefix: String = "",
    timeout: Duration = .seconds(20)
  ) -> ProbeOrder {
    let endpoint = Endpoint(address: address, pathPrefix: prefix)
    return ProbeOrder(
      backend: Backend(id: "b", kind: kind, endpoint: endpoint),
      slot: 0,
      incarnation: 1,
      checksHealth: true,
      listsModels: false,
      timeout: UInt64(timeout / .nanoseconds(1))
    )
  }

  /// Probes a server that answers each target as told, and 404 otherwise.
  private func probe(
    _ kind: Backend.Kind,
    prefix: String = "",
    _ answers: [String: String]
  ) async throws -> (finding: HealthProber.Finding?, targets: [String]) {
    let server = try ScriptedServer { .respond([answers[$0] ?? answer("{}", status: 404)]) }
    defer { server.stop() }
    let client = try ControlClient()
    try await client.start()
    let finding = await HealthProber(client: client).check(
      order(server.address, kind, prefix: prefix)
    )
    await client.stop()
    return (finding, server.targets)
  }

  @Test(arguments: [
    (Backend.Kind.vllm, "/health"), (.sglang, "/ready"), (.llamaCpp, "/health"),
    (.ollama, "/api/version"),
  ])
  func `a known engine is asked one question`(kind: Backend.Kind, path: String) async throws {
    let (finding, targets) = try await probe(kind, [path: answer("")])
    #expect(finding == .init(outcome: .succeeded))
    #expect(targets == [path])
  }

  @Test func `an Ollama's probe brings its version`() async throws {
    let (finding, _) = try await probe(
      .ollama,
      ["/api/version": answer(RecordedAnswers.ollamaVersion)]
    )
    #expect(finding == .init(outcome: .succeeded, version: EngineVersion("0.12.6")))
  }

  @Test(arguments: [
    ("/version", RecordedAnswers.vllmVersion, Backend.Kind.vllm),
    ("/props", RecordedAnswers.llamaProps, .llamaCpp),
    ("/get_model_info", RecordedAnswers.sglangModelInfo, .sglang),
    ("/api/v0/models", RecordedAnswers.lmStudioModels, .lmStudio),
  ])
  func `one that wants a key for its list is found out by further questions`(
    path: String,
    body: String,
    kind: Backend.Kind
  ) async throws {
    let (finding, targets) = try await probe(
      .auto,
      ["/v1/models": answer("{}", status: 401), path: answer(body)]
    )
    #expect(finding?.outcome == .succeeded && finding?.kind == kind && finding?.models == nil)
    // Then the engine's own word on its health, where the list isn't all that it says.
    let own = [Backend.Kind.vllm: ["/health"], .llamaCpp: ["/health"], .sglang: ["/ready"]]
    let asked = [path] + (own[kind] ?? [])
    #expect(targets.first == "/v1/models" && targets.suffix(asked.count) == asked[...])
  }

  @Test func `further questions have the time that the first one left`() async throws {
    let server = try ScriptedServer {
      $0 == "/v1/models" ? .respond([answer("{}", status: 401)]) : .respondAndHold("")
    }
    defer { server.stop() }
    let client = try ControlClient()
    try await client.start()
    let quick = order(server.address, .auto, timeout: .milliseconds(300))
    // It ends, though the answer never does.
    let finding = await HealthProber(client: client).check(quick)
    // It works, and what it is the next probe may tell.
    #expect(finding == .init(outcome: .succeeded))
    #expect(server.targets == ["/v1/models", "/api/version"])
    await client.stop()
  }

  @Test func `a prefix stands before the path`() async throws {
    let (finding, targets) = try await probe(
      .vllm,
      prefix: "/a/v1",
      ["/a/health": answer("", status: 500)]
    )
    #expect(finding == .init(outcome: .failed(.status(500))))
    #expect(targets == ["/a/health"])
  }

  @Test func `a generic backend's probe brings its models`() async throws {
    let (finding, targets) = try await probe(
      .generic,
      ["/v1/models": answer(RecordedAnswers.ollamaModels)]
    )
    #expect(finding?.outcome == .succeeded && finding?.kind == nil)
    #expect(finding?.models?.map(\.id) == ["llama3.2:latest"])
    #expect(targets == ["/v1/models"])
  }

  @Test func `a key that is missing is no failure, and no list`() async throws {
    let (finding, _) = try await probe(.generic, ["/v1/models": answer("{}", status: 401)])
    #expect(finding == .init(outcome: .succeeded))
  }

  @Test(arguments: [
    (RecordedAnswers.vllmModels, "", Backend.Kind.vllm),
    (RecordedAnswers.llamaModels, "Server: llama.cpp\r\n", .llamaCpp),
    (#"{"data":[{"id":"a","owned_by":"sglang"}]}"#, "", .sglang),
  ])
  func `an unknown engine is recognised by its list`(
    body: String,
    fields: String,
    kind: Backend.Kind
  ) async throws {
    let (finding, targets) = try await probe(
      .auto,
      ["/v1/models": answer(body, fields: fields)]
    )
    #expect(finding?.outcome == .succeeded && finding?.kind == kind)
    #expect(finding?.models?.isEmpty == false)
    #expect(targets == ["/v1/models", kind == .sglang ? "/ready" : "/health"])
  }

  @Test func `an engine that is dead still lists its models, but isn't well`() async throws {
    let (finding, _) = try await probe(
      .auto,
      [
        "/v1/models": answer(RecordedAnswers.vllmModels),
        "/health": answer("", status: 503),
      ]
    )
    #expect(finding?.outcome == .failed(.status(503)) && finding?.kind == .vllm)
  }

  @Test func `an engine's own word has its full time, however long it took to find it out`()
    async throws
  {
    let timeout = Duration.seconds(2)
    let began = ContinuousClock.now
    let server = try ScriptedServer {
      // Each in its own time; both together take longer than one question may.
      ScriptedServer.wait(until: began + timeout * ($0 == "/health" ? 1.3 : 0.6))
      return .respond([answer($0 == "/health" ? "" : RecordedAnswers.vllmModels)])
    }
    defer { server.stop() }
    let client = try ControlClient()
    try await client.start()
    let finding = await HealthProber(client: client).check(
      order(server.address, .auto, timeout: timeout)
    )
    await client.stop()
    #expect(finding?.outcome == .succeeded && finding?.kind == .vllm)
  }

  @Test func `an engine that owes its own word for a full time isn't well`() async throws {
    let server = try ScriptedServer {
      $0 == "/health" ? .respondAndHold("") : .respond([answer(RecordedAnswers.vllmModels)])
    }
    defer { server.stop() }
    let client = try ControlClient()
    try await client.start()
    let finding = await HealthProber(client: client).check(
      order(server.address, .auto, timeout: .milliseconds(300))
    )
    await client.stop()
    #expect(finding?.outcome == .failed(.timedOut) && finding?.kind == .vllm)
  }

  @Test func `a second question finds Ollama, or leaves it generic`() async throws {
    let ollama = try await probe(
      .auto,
      [
        "/v1/models": answer(RecordedAnswers.ollamaNone),
        "/api/version": answer(#"{"version":"0.12.6"}"#),
      ]
    )
    #expect(
      ollama.finding
        == .init(
          outcome: .succeeded,
          kind: .ollama,
          version: EngineVersion("0.12.6"),
          models: []
        )
    )
    #expect(ollama.targets == ["/v1/models", "/api/version"])
    let generic = try await probe(.auto, [:])
    #expect(generic.finding == .init(outcome: .succeeded, kind: .generic))
  }

  @Test func `an unknown llama cpp that loads is recognised as loading`() async throws {
    let loading = answer(
      RecordedAnswers.llamaLoading,
      status: 503,
      fields: "Server: llama.cpp\r\n"
    )
    let (finding, targets) = try await probe(.auto, ["/v1/models": loading])
    #expect(finding == .init(outcome: .failed(.loading), kind: .llamaCpp))
    #expect(targets == ["/v1/models"])
  }

  @Test func `an unknown engine that fails stays unknown`() async throws {
    let (finding, targets) = try await probe(.auto, ["/v1/models": answer("", status: 503)])
    #expect(finding == .init(outcome: .failed(.status(503))))
    #expect(targets == ["/v1/models"])
  }

  @Test func `what went wrong on the way is told apart`() async throws {
    let server = try ScriptedServer { target in
      switch target {
      case "/health": .respondAndHold("")
      case "/ready": .respond([])
      default: .respond(["220 smtp.example ESMTP\r\n"])
      }
    }
    defer { server.stop() }
    let nobody = try closedAddress()
    let client = try ControlClient()
    try await client.start()
    let prober = HealthProber(client: client)
    let late = order(server.address, .vllm, timeout: .milliseconds(50))
    #expect(await prober.check(late)?.outcome == .failed(.timedOut))
    #expect(await prober.check(order(server.address, .sglang))?.outcome == .failed(.closed))
    #expect(await prober.check(order(server.address, .ollama))?.outcome == .failed(.malformed))
    #expect(await prober.check(order(nobody, .vllm))?.outcome == .failed(.refused))
    await client.stop()
    // What this side can't do says nothing about the backend.
    #expect(await prober.check(order(server.address, .vllm)) == nil)
  }
}
