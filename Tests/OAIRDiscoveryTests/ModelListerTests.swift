import OAIRDiscovery
import OAIRRouting
import OAIRSys
import TestSupport
import Testing

@Suite(.offThePool)
struct ModelListerTests {
  private func list(_ answer: String) async throws -> ([ModelDescription]?, [String]) {
    let server = try ScriptedServer { _ in .respond([answer]) }
    defer { server.stop() }
    let client = try ControlClient()
    try await client.start()
    let endpoint = Endpoint(address: server.address, pathPrefix: "/p")
    let order = ProbeOrder(
      backend: Backend(id: "b", endpoint: endpoint),
      slot: 0,
      incarnation: 1,
      checksHealth: false,
      listsModels: true,
      timeout: 20_000_000_000
    )
    let models = await ModelLister(client: client).list(order)
    await client.stop()
    return (models, server.targets)
  }

  @Test func `models are listed with their objects`() async throws {
    let (models, targets) = try await list(answer(RecordedAnswers.vllmModels))
    #expect(models?.map(\.id) == ["tiny", "tiny-alias"])
    #expect(models?.first?.raw == Array(RecordedAnswers.vllmModel("tiny").utf8))
    #expect(targets == ["/p/v1/models"])
  }

  @Test func `no models are a list, a failure is none`() async throws {
    #expect(try await list(answer(RecordedAnswers.ollamaNone)).0 == [])
    #expect(try await list(answer(RecordedAnswers.llamaLoading, status: 503)).0 == nil)
    #expect(try await list(answer("<html>")).0 == nil)
    #expect(try await list("SSH-2.0-x\r\n").0 == nil)
  }

  /// Asks an Ollama that answers as told.
  private func ollama<Result: Sendable>(
    _ answers: [String: String],
    _ ask: (ModelLister, ProbeOrder) async -> Result
  ) async throws -> (Result, [String]) {
    let server = try ScriptedServer { .respond([answers[$0] ?? answer("{}", status: 404)]) }
    defer { server.stop() }
    let client = try ControlClient()
    try await client.start()
    let order = ProbeOrder(
      backend: Backend(id: "b", kind: .ollama, endpoint: Endpoint(address: server.address)),
      slot: 0,
      incarnation: 1,
      checksHealth: false,
      listsModels: true,
      timeout: 20_000_000_000
    )
    let result = await ask(ModelLister(client: client), order)
    await client.stop()
    return (result, server.targets)
  }

  @Test func `an Ollama's models come with what it tells in its own form`() async throws {
    let lists = ["/v1/models": answer(RecordedAnswers.ollamaModels)]
    let tags = ["/api/tags": answer(RecordedAnswers.ollamaTags)]
    let (models, targets) = try await ollama(lists.merging(tags) { $1 }) { await $0.list($1) }
    #expect(targets == ["/v1/models", "/api/tags"])
    #expect(models?.map(\.tag) == [Array(RecordedAnswers.ollamaTag.utf8)])
    let (plain, _) = try await ollama(lists) { await $0.list($1) }
    #expect(plain?.map(\.id) == ["llama3.2:latest"] && plain?.first?.tag == nil)
    let (none, asked) = try await ollama(["/v1/models": answer(RecordedAnswers.ollamaNone)]) {
      await $0.list($1)
    }
    #expect(none == [] && asked == ["/v1/models"])
  }

  @Test func `an Ollama's memory is listed`() async throws {
    let (models, targets) = try await ollama(["/api/ps": answer(RecordedAnswers.ollamaProcesses)]) {
      await $0.residents($1)
    }
    #expect(targets == ["/api/ps"])
    #expect(models?.map(\.id) == ["llama3.2:latest"])
    #expect(models?.first?.process == Array(RecordedAnswers.ollamaProcess.utf8))
    #expect(models?.first?.isLoaded == true)
    #expect(try await ollama([:]) { await $0.residents($1) }.0 == nil)
  }
}
