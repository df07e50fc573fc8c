import OAIRSys
import Testing

@testable import OAIRDiscovery

struct DNSMessageTests {
  private func services() -> WireMessage {
    var message = WireMessage(counts: [1, 2, 0, 1])
    message.question("_llm._tcp.test", 33)
    message.service("_llm._tcp.test", [10, 50, 8000], "a.test", ttl: 7)
    // The name again, by reference to the question's.
    let data = [0, 20, 0, 0, 0x1f, 0x41].map { UInt8($0) } + [1, 0x62, 0xc0, 22]
    message.record([0xc0, 12], 33, ttl: 9, data)
    message.address("a.test", 0x0a00_0001, ttl: 3)
    return message
  }

  @Test func `services and addresses come out with their lifetimes`() throws {
    let message = try #require(DNSMessage(services().bytes))
    #expect(message.code == 0)
    let name = "_llm._tcp.test"
    #expect(
      message.answers == [
        DNSRecord(
          name: name,
          ttl: 7,
          content: .service(priority: 10, weight: 50, port: 8000, target: "a.test")
        ),
        DNSRecord(
          name: name,
          ttl: 9,
          content: .service(priority: 20, weight: 0, port: 8001, target: "b.test")
        ),
      ]
    )
    let address = DNSRecord.Content.address(.ipv4(0x0a00_0001, port: 0))
    #expect(message.additional == [DNSRecord(name: "a.test", ttl: 3, content: address)])
    #expect(message.negativeTTL == nil)
  }

  @Test func `a negative answer says how long it holds`() throws {
    var message = WireMessage(code: 3, counts: [0, 0, 1, 0])
    message.authority(minimum: 60, ttl: 20)
    let parsed = try #require(DNSMessage(message.bytes))
    #expect(parsed.code == 3 && parsed.negativeTTL == 20)
  }

  @Test func `records of other types, classes and lengths`() throws {
    var message = WireMessage(counts: [0, 3, 0, 0])
    message.record(WireMessage.name("x"), 16, ttl: 1, [1, 0x61])
    message.record(
      WireMessage.name("x"),
      28,
      ttl: 0x8000_0001,
      Array(repeating: 0, count: 15) + [1]
    )
    message.record([0], 1, ttl: 1, [127, 0, 0, 1])
    let parsed = try #require(DNSMessage(message.bytes))
    #expect(parsed.answers[0].content == .other)
    #expect(parsed.answers[1].content == .address(.ipv6(0, 1, scope: 0, port: 0)))
    #expect(parsed.answers[1].ttl == 0, "RFC 2181: a TTL with its highest bit set is zero")
    #expect(parsed.answers[2].name == "")
    var short = WireMessage(counts: [0, 1, 0, 0])
    short.record([0], 1, ttl: 1, [127, 0, 0])
    #expect(DNSMessage(short.bytes) == nil)
  }

  @Test(arguments: [[0xc0, 12], [0xc0, 14], [1, 0x61, 0xc0, 12], [0x40, 0], [0xc0], [64]])
  func `a name that goes in circles or nowhere is no name`(name: [UInt8]) {
    var message = WireMessage(counts: [0, 1, 0, 0])
    message.record(name, 1, ttl: 1, [127, 0, 0, 1])
    #expect(DNSMessage(message.bytes) == nil)
  }

  @Test func `cut anywhere it's no message`() {
    let bytes = services().bytes
    for count in 0..<bytes.count { #expect(DNSMessage(Array(bytes[..<count])) == nil) }
    #expect(
      DNSMessage(WireMessage(flags: 0x0100, counts: [0, 0, 0, 0]).bytes) == nil,
      "a question"
    )
  }

  @Test func `answers are read for the type that was asked for`() {
    let type = DNSRecordType.srv
    guard
      case .found(let records, let additional, let ttl, let name) = DNSAnswer(
        services().bytes,
        name: "n.",
        type: type
      )
    else { Issue.record("not found"); return }
    #expect(records.count == 2 && additional.count == 1 && ttl == .seconds(7) && name == "n.")
    let nothing = DNSAnswer.nothing(ttl: DiscoveryLimits.dnsNegative)
    #expect(DNSAnswer(services().bytes, name: "n", type: .a) == nothing)
    #expect(
      DNSAnswer(WireMessage(code: 3, counts: [0, 0, 0, 0]).bytes, name: "n", type: type) == nothing
    )
    let failed = DNSAnswer(WireMessage(code: 2, counts: [0, 0, 0, 0]).bytes, name: "n", type: type)
    #expect(failed == .failed("the name service answered with code 2"))
    let senseless = DNSAnswer([1, 2], name: "n", type: type)
    #expect(senseless == .failed("the name service's answer makes no sense"))
  }
}
