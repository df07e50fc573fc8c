import OAIRDiscovery
import OAIRRouting
import OAIRSys
import Testing

struct DNSServiceTests {
  private func list(_ json: String) throws(DocumentError) -> [DNSService] {
    try DNSService.list(JSONDocument.parse(Array(json.utf8)))
  }

  @Test func `both kinds of records are taken`() throws {
    let services = try list(
      """
      [{"name": "_llm._tcp.models.svc", "record": "srv", "type": "vllm"},
       {"name": "vllm.models.svc.", "record": "a", "port": 8000, "server": "127.0.0.1:8600",
        "max_ttl": "5s"},
       {"name": "llm.service.consul"}]
      """
    )
    #expect(
      services == [
        DNSService("_llm._tcp.models.svc", record: .srv, kind: .vllm),
        DNSService(
          "vllm.models.svc.",
          record: .address(port: 8000),
          server: .loopback(port: 8600),
          maxTTL: .seconds(5)
        ),
        DNSService("llm.service.consul", record: .srv),
      ]
    )
    #expect(try list("[]").isEmpty)
    #expect(DNSService("x", record: .srv, maxTTL: .zero).maxTTL == .seconds(1))
    #expect(DNSService("x", record: .srv, maxTTL: .seconds(900)).maxTTL == .seconds(300))
  }

  @Test(arguments: [
    ("{}", "discovery.dns must be a list; here is a map"),
    ("[{\"record\": \"a\"}]", "an element of discovery.dns needs a name"),
    ("[{\"name\": \"a b\"}]", "1:11: 'a b' is no name of a name service"),
    ("[{\"name\": \"a..b\"}]", "'a..b' is no name of a name service"),
    ("[{\"name\": \"x\", \"record\": \"aaaa\"}]", "record must be one of srv, a; here is"),
    ("[{\"name\": \"x\", \"record\": \"a\"}]", "record: a needs the backends' port"),
    ("[{\"name\": \"x\", \"port\": 80}]", "port is told by SRV records; it's for record: a"),
    (
      "[{\"name\": \"x\", \"server\": \"ns\"}]",
      "server must be address:port, such as 127.0.0.1:8600"
    ),
    ("[{\"name\": \"x\", \"nmae\": 1}]", "has no key 'nmae'; did you mean 'name'?"),
    ("[{\"name\": \"x\"}, {\"name\": \"x\"}]", "the name 'x' is there twice"),
  ])
  func `a mistake is told`(json: String, problem: String) {
    #expect {
      try list(json)
    } throws: { "\($0)".contains(problem) }
  }
}
