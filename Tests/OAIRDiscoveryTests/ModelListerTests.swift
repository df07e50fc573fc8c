import OAIRDiscovery
import OAIRRouting
import OAIRSys
import Testing

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
}
