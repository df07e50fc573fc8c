import OAIRProxy
import Testing

struct ClientKeyTests {
  private static let secret = "0123456789abcdef"

  @Test func `a key is checked without telling its secret`() throws {
    #expect(ClientKey(id: "a", secret: Self.secret).problem == nil)
    let wrong = [
      ClientKey(id: "", secret: Self.secret),
      ClientKey(id: "a b", secret: Self.secret),
      ClientKey(id: String(repeating: "i", count: 65), secret: Self.secret),
      ClientKey(id: "a", secret: "short-and-secret"[...].dropLast().description),
      ClientKey(id: "a", secret: Self.secret + "\n"),
      ClientKey(id: "a", secret: String(repeating: "s", count: 513)),
      ClientKey(id: "a", secret: Self.secret, models: []),
      ClientKey(id: "a", secret: Self.secret, requestsPerMinute: -1),
      ClientKey(id: "a", secret: Self.secret, concurrent: 1_000_001),
    ]
    for key in wrong {
      let problem = try #require(key.problem)
      #expect(!problem.contains(key.secret))
    }
  }

  @Test func `ids and secrets are each one key's`() {
    let key = ClientKey(id: "a", secret: Self.secret)
    #expect(ClientKey.problem(of: [key, ClientKey(id: "b", secret: Self.secret + "b")]) == nil)
    #expect(ClientKey.problem(of: [key, ClientKey(id: "b", secret: Self.secret)]) != nil)
    #expect(ClientKey.problem(of: [key, ClientKey(id: "a", secret: Self.secret + "b")]) != nil)
    let many = (0...ClientKey.most).map { ClientKey(id: "\($0)", secret: Self.secret + "\($0)") }
    #expect(ClientKey.problem(of: many) != nil)
    #expect(ClientKey.problem(of: Array(many.dropLast())) == nil)
  }

  @Test func `a printed key has no secret in it`() {
    let key = ClientKey(id: "a", secret: Self.secret)
    var dumped = ""
    dump(key, to: &dumped)
    var options = ""
    var proxy = ProxyOptions()
    proxy.keys = [key]
    dump(proxy, to: &options)
    for text in ["\(key)", String(reflecting: key), "\([key])", dumped, options, "\(proxy)"] {
      #expect(text.contains("a") && !text.contains(Self.secret))
    }
  }
}
