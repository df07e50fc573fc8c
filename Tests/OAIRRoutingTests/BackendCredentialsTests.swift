import OAIRRouting
import Testing

struct BackendCredentialsTests {
  @Test func `a key and fields become lines in the order of their names`() {
    let credentials = BackendCredentials(apiKey: "k", headers: ["x-b": "2", "X-A": "1 2"])
    #expect(credentials.problem == nil)
    #expect(credentials.lines == "Authorization: Bearer k\r\nX-A: 1 2\r\nx-b: 2\r\n")
    #expect(BackendCredentials().isEmpty && BackendCredentials().lines.isEmpty)
    let both = BackendCredentials(apiKey: "k", headers: ["authorization": "Basic x"])
    #expect(both.lines == "Authorization: Bearer k\r\n")
  }

  @Test(arguments: [
    BackendCredentials(apiKey: ""), BackendCredentials(apiKey: "a b"),
    BackendCredentials(apiKey: "a\r\nX: y"), BackendCredentials(apiKey: "é"),
    BackendCredentials(apiKey: String(repeating: "k", count: 4097)),
    BackendCredentials(headers: ["": "a"]), BackendCredentials(headers: ["a b": "a"]),
    BackendCredentials(headers: ["a": "b\nc"]), BackendCredentials(headers: ["Host": "a"]),
    BackendCredentials(headers: ["transfer-encoding": "chunked"]),
    BackendCredentials(headers: ["a": "1", "A": "2"]),
    BackendCredentials(headers: ["a": String(repeating: "v", count: 8192)]),
  ])
  func `what would break a head is a problem`(credentials: BackendCredentials) {
    #expect(credentials.problem != nil)
  }

  @Test func `printing shows no value`() {
    let credentials = BackendCredentials(apiKey: "hush-hush", headers: ["x-key": "hush-too"])
    var dumped = ""
    dump(credentials, to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), dumped] {
      #expect(!text.contains("hush"))
    }
  }
}
