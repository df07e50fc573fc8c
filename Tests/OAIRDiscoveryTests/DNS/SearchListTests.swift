import Testing

@testable import OAIRDiscovery

struct SearchListTests {
  @Test func `short names are completed first, long ones last, absolute ones never`() {
    let domains = ["ns.svc.cluster.local", "cluster.local."]
    let completed = ["vllm.ns.svc.cluster.local.", "vllm.cluster.local."]
    #expect(SearchList.names(for: "vllm", domains: domains, dots: 5) == completed + ["vllm."])
    #expect(SearchList.names(for: "vllm", domains: domains, dots: 0) == ["vllm."] + completed)
    #expect(
      SearchList.names(for: "a.b", domains: ["c", "", "."], dots: 1) == ["a.b.", "a.b.c."]
    )
    #expect(SearchList.names(for: "vllm.", domains: domains, dots: 5) == ["vllm."])
    let many = (0..<100).map { "d\($0)" }
    #expect(SearchList.names(for: "x", domains: many, dots: 1).count == 12)
  }
}
