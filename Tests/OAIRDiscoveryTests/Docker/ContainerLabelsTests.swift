import OAIRRouting
import Testing

@testable import OAIRDiscovery

struct ContainerLabelsTests {
  private func read(_ labels: [String: String]) throws -> ContainerLabels {
    let named = Dictionary(uniqueKeysWithValues: labels.map { ("oairouter." + $0, $1) })
    return try ContainerLabels(named, DockerLabels())
  }

  @Test func `every label is read`() throws {
    let labels = try read([
      "enabled": "true", "backend": "vLLM", "port": "9000", "url": " http://a:1/v1 ",
      "model": "a, b/c ,,d:e", "weight": "7", "priority": "-2",
    ])
    #expect(labels.isEnabled == true && labels.kind == .vllm && labels.port == 9000)
    #expect(labels.url == "http://a:1/v1" && labels.models == ["a", "b/c", "d:e"])
    #expect(labels.weight == 7 && labels.priority == -2)
  }

  @Test func `without labels the defaults hold`() throws {
    for given in [[:], ["port": "", "model": " , ", "url": "  ", "enabled": ""]] {
      let labels = try read(given)
      #expect(labels.isEnabled == nil && labels.kind == nil && labels.port == nil)
      #expect(labels.url == nil && labels.models.isEmpty)
      #expect(labels.weight == 1 && labels.priority == 0)
    }
  }

  @Test(arguments: ["true", "True", "1", "yes", "on"], ["false", "FALSE", "0", "no", "off"])
  func `flags have the usual words`(yes: String, no: String) throws {
    #expect(try read(["enabled": yes]).isEnabled == true)
    #expect(try read(["enabled": no]).isEnabled == false)
  }

  @Test(arguments: [
    ("enabled", "maybe"), ("backend", "gpt"), ("port", "0"), ("port", "65536"), ("port", "http"),
    ("port", "-1"), ("weight", "0"), ("weight", "1000001"), ("weight", "1.5"),
    ("priority", "2147483648"), ("priority", "high"),
  ])
  func `a label that can't be is named`(label: String, value: String) {
    let error = #expect(throws: ContainerRefusal.self) { try read([label: value]) }
    #expect(error?.reason.contains("oairouter.\(label)") == true)
    #expect(error?.reason.contains("\"\(value)\"") == true)
  }

  @Test func `what is switched off has no say in the rest`() throws {
    #expect(try read(["enabled": "false", "port": "nonsense"]).isEnabled == false)
  }

  @Test func `labels have a bound, and so has what is said of them`() {
    let long = String(repeating: "x", count: DiscoveryLimits.label + 1)
    #expect(throws: ContainerRefusal.self) { try read(["model": long]) }
    let value = String(repeating: "y", count: DiscoveryLimits.label)
    let error = #expect(throws: ContainerRefusal.self) { try read(["port": value]) }
    #expect((error?.reason.utf8.count ?? 0) < 200)
    let name = String(repeating: "z", count: RoutingLimits.modelName + 1)
    #expect(throws: ContainerRefusal.self) { try read(["model": "a,\(name)"]) }
  }

  @Test func `prefix and words can be chosen`() throws {
    var names = DockerLabels(prefix: "llm.manager/")
    names.enabled = "enable"
    let labels = try ContainerLabels(
      ["llm.manager/enable": "true", "llm.manager/enabled": "false", "oairouter.port": "1"],
      names
    )
    #expect(labels.isEnabled == true && labels.port == nil)
    #expect(names.keys.first == "llm.manager/enable")
  }
}
