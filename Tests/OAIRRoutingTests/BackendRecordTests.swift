import OAIRRouting
import OAIRSys
import Testing

struct BackendRecordTests {
  private let endpoint = Endpoint(address: .loopback(port: 8000), pathPrefix: "/x")

  @Test func `a record holds what a request needs as bytes`() {
    let record = BackendRecord(
      Backend(id: "gpu", kind: .vllm, endpoint: endpoint, weight: 3, priority: 2, maxInFlight: 7),
      slot: 4,
      incarnation: 9
    )
    #expect(record.idBytes == Array("gpu".utf8))
    #expect(record.hostHeader == Array("127.0.0.1:8000".utf8))
    #expect(record.pathPrefix == Array("/x".utf8))
    #expect(record.slot == 4 && record.incarnation == 9)
    #expect(record.weight == 3 && record.priority == 2 && record.maxInFlight == 7)
    #expect(record.kind == .vllm && record.address == .loopback(port: 8000))
  }

  @Test func `a backend's own credentials stand in for its clients'`() {
    let credentials = BackendCredentials(apiKey: "k", headers: ["X-B": "2", "X-A": "1"])
    let backend = Backend(id: "a", endpoint: endpoint, credentials: credentials)
    let record = BackendRecord(backend, slot: 0, incarnation: 1)
    #expect(record.ownFields == Array("Authorization: Bearer k\r\nX-A: 1\r\nX-B: 2\r\n".utf8))
    #expect(record.ownFieldNames == [Array("x-a".utf8), Array("x-b".utf8)])
    #expect(!record.forwardsAuthorization)
    let broken = Backend(
      id: "a",
      endpoint: endpoint,
      credentials: BackendCredentials(headers: ["X": "a\nb"])
    )
    let plain = BackendRecord(broken, slot: 0, incarnation: 1)
    #expect(plain.ownFields.isEmpty && plain.forwardsAuthorization)
  }

  @Test func `numbers out of range are taken into it`() {
    let record = BackendRecord(
      Backend(id: "a", endpoint: endpoint, weight: 0, priority: .max, maxInFlight: -1),
      slot: 0,
      incarnation: 0
    )
    #expect(record.weight == 1)
    #expect(record.priority == Int(Int32.max))
    #expect(record.maxInFlight == 0)
    let heavy = BackendRecord(
      Backend(id: "a", endpoint: endpoint, weight: .max),
      slot: 0,
      incarnation: 0
    )
    #expect(heavy.weight == CandidateFacts.greatestWeight)
  }

  @Test(arguments: [
    Backend.Source.flag, .library, .file, .docker, .dns, .portScan,
  ])
  func `a client's key is withheld from what a port scan found`(source: Backend.Source) {
    let backend = Backend(id: "a", endpoint: endpoint, source: source)
    let record = BackendRecord(backend, slot: 0, incarnation: 0)
    #expect(record.forwardsAuthorization == (source != .portScan))
  }
}
