import OAIRRouting
import OAIRSys
import Testing

struct BackendTests {
  @Test(arguments: Backend.Kind.all)
  func `every kind is read from its own word`(kind: Backend.Kind) {
    #expect(Backend.Kind(kind.name) == kind)
    #expect(Backend.Kind(kind.name + "x") == nil)
  }

  @Test func `sources are ordered by precedence`() {
    let order: [Backend.Source] = [
      .flag, .library, .admin, .file, .docker, .dns, .portScan,
    ]
    #expect(order.sorted() == order)
    #expect(order == Backend.Source.allCases)
    #expect(Set(order.map(\.name)).count == order.count)
  }

  @Test func `a model list is fixed exactly when one was given`() {
    let endpoint = Endpoint(address: .loopback(port: 1))
    #expect(!Backend(id: "a", endpoint: endpoint).isModelListFixed)
    let model = ModelDescription(id: "m")
    #expect(Backend(id: "a", endpoint: endpoint, models: [model]).isModelListFixed)
    let listed = Backend(id: "a", endpoint: endpoint, models: [model], isModelListFixed: false)
    #expect(!listed.isModelListFixed)
  }

  @Test(arguments: BackendState.allCases)
  func `only unknown, ready and suspect backends may be tried`(state: BackendState) {
    #expect(state.isUsable == ["unknown", "ready", "suspect"].contains(state.name))
  }
}
