import OAIRRouting
import OAIRSys
import Testing

@testable import OAIRDiscovery

struct ConfiguredBackendTests {
  @Test func `a URL with an address is a backend at once`() throws {
    let configured = try ConfiguredBackend(
      id: "a",
      url: "http://10.0.0.5:8000/v1",
      kind: .vllm,
      models: ["m"],
      weight: 2,
      priority: 1,
      maxInFlight: 3,
      source: .flag
    )
    #expect(
      configured.backend
        == Backend(
          id: "a",
          kind: .vllm,
          endpoint: try Endpoint(url: "http://10.0.0.5:8000"),
          models: [ModelDescription(id: "m")],
          weight: 2,
          priority: 1,
          maxInFlight: 3,
          source: .flag
        )
    )
    #expect(configured.name == nil)
  }

  @Test func `a URL with a name waits for its address`() throws {
    let configured = try ConfiguredBackend(id: "a", url: "http://gpu-1:8000/x")
    #expect(configured.backend == nil)
    #expect(configured.name?.host == "gpu-1" && configured.name?.port == 8000)
    let backend = try #require(configured.backend(at: .ipv4(0x0a00_0001, port: 8000)))
    #expect(backend.endpoint.host == "gpu-1:8000" && backend.endpoint.pathPrefix == "/x")
    #expect(backend.endpoint.address == .ipv4(0x0a00_0001, port: 8000))
  }

  @Test func `a URL that can't be used is refused at once`() {
    #expect(throws: EndpointError.tlsNotBuiltIn) {
      try ConfiguredBackend(id: "a", url: "https://10.0.0.5")
    }
    #expect(throws: EndpointError.self) { try ConfiguredBackend(id: "a", url: "http://10.0.0.256") }
  }
}
