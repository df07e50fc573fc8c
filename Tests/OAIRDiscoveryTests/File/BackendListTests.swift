import OAIRDiscovery
import OAIRRouting
import Testing

struct BackendListTests {
  private func read(_ json: String) throws(DocumentError) -> [ConfiguredBackend] {
    try FileDiscoverer.parseJSON(Array(json.utf8))
  }

  @Test func `every field is taken`() throws {
    let json = """
      {"backends": [{"id": "gpu-1", "url": "http://10.0.0.5:8000/x", "type": "vllm",
        "models": ["a", "b"], "weight": 3, "priority": -1, "max_in_flight": 7,
        "on_disconnect": "drain"}]}
      """
    let expected = try ConfiguredBackend(
      id: "gpu-1",
      url: "http://10.0.0.5:8000/x",
      kind: .vllm,
      models: ["a", "b"],
      weight: 3,
      priority: -1,
      maxInFlight: 7,
      onDisconnect: .drain,
      source: .file
    )
    #expect(try read(json) == [expected])
  }

  @Test func `a URL is enough, and null is as good as nothing`() throws {
    let list = try read("[{\"url\": \"http://gpu:8000/v1\"}, {\"id\": null, \"url\": \"unix:/x\"}]")
    #expect(list.map(\.id) == ["gpu:8000", "unix:/x"])
    #expect(list.map(\.url) == ["http://gpu:8000/v1", "unix:/x"])
    #expect(try read("[]").isEmpty)
    #expect(try read("{\"backends\": []}").isEmpty)
  }

  @Test(arguments: [
    ("null", "1:1: the file has no list of backends; [] is the empty one"),
    ("{}", "1:1: the file has no list of backends"),
    ("{\"backend\": []}", "a file of backends has no key 'backend'; did you mean 'backends'?"),
    ("[{\"id\": \"a\"}]", "1:2: a backend needs a url, such as http://10.0.0.5:8000"),
    ("[{\"url\": \"gpu\"}]", "1:10: 'gpu' is no URL; write for example http://10.0.0.5:8000"),
    ("[{\"url\": \"https://gpu\"}]", "1:10: https isn't built in"),
    (
      "[{\"url\": \"http://10.0.0.256\"}]",
      "1:10: \"10.0.0.256\" is neither an IP address nor a name"
    ),
    ("[{\"url\": \"http://g:1\", \"id\": \"a b\"}]", "an id has 1 to 128 visible ASCII characters"),
    ("[{\"url\": \"http://g:1\", \"type\": \"ollma\"}]", "did you mean 'ollama'?"),
    (
      "[{\"url\": \"http://g:1\", \"weight\": 0}]",
      "weight must be a whole number from 1 to 1000000"
    ),
    (
      "[{\"url\": \"http://g:1\", \"models\": \"a\"}]",
      "models must be a list; here is a text"
    ),
    ("[{\"url\": \"http://g:1\", \"models\": [[]]}]", "a model must be a text; here is a list"),
    (
      "[{\"url\": \"http://g:1\"},\n {\"url\": \"http://g:1\"}]",
      "2:2: the id 'g:1' is taken by the backend in line 1"
    ),
    (
      "[{\"url\": \"http://g:1\"}, {\"url\": \"http://g:1\"}]",
      "the id 'g:1' is taken by another backend"
    ),
    (
      "[{\"url\": \"http://g:1\", \"on_disconnect\": \"stop\"}]",
      "on_disconnect must be one of abort, drain"
    ),
    ("[7]", "1:2: a backend is a map of id, url, type, models"),
  ])
  func `a mistake anywhere refuses the list`(json: String, problem: String) {
    #expect {
      try read(json)
    } throws: { "\($0)".contains(problem) }
  }

  @Test func `there is room for a whole fleet, and not for more`() throws {
    let entries = (0...RoutingLimits.backends).map { "{\"url\": \"http://10.0.0.1:\($0 + 1)\"}" }
    let whole = "[" + entries.dropLast().joined(separator: ",") + "]"
    #expect(try read(whole).count == RoutingLimits.backends)
    let more = "[" + entries.joined(separator: ",\n") + "]"
    #expect(throws: DocumentError.self) { try read(more) }
  }
}
