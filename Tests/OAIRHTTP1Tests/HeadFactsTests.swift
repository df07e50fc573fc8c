import Testing

@testable import OAIRHTTP1

struct HeadFactsTests {
  /// Takes in one field and tells what became of it.
  private func absorb(
    _ field: KnownField,
    _ value: String,
    into facts: inout HeadFacts
  ) -> HTTP1Error.Kind? {
    let bytes = Array(value.utf8) + [0x0D, 0x0A]
    let verdict = bytes.withUnsafeBytes { buffer in
      buffer.baseAddress.map {
        facts.absorb(field, $0, 0, buffer.count - 2, readable: buffer.count)
      }
    }
    guard case .refuse(let kind) = verdict else { return nil }
    return kind
  }

  @Test func `framing gathered over several fields decides at the end`() {
    var facts = HeadFacts(isResponse: false, limits: HTTP1Limits())
    #expect(facts.requestFraming(minorVersion: 1) == .success(.none))
    let first = absorb(.contentLength, "4", into: &facts)
    #expect(first == nil)
    #expect(facts.requestFraming(minorVersion: 1) == .success(.length(4)))
    let second = absorb(.transferEncoding, "chunked", into: &facts)
    #expect(second == nil)
    #expect(facts.requestFraming(minorVersion: 1) == .failure(.lengthAndTransferEncoding))
    #expect(facts.requestFraming(minorVersion: 0) == .failure(.transferEncodingInHTTP10))
  }

  @Test func `fields that concern requests only are left alone in responses`() {
    var facts = HeadFacts(isResponse: true, limits: HTTP1Limits())
    let host = absorb(.host, "not a host", into: &facts)
    #expect(host == nil)
    let expectation = absorb(.expect, "anything", into: &facts)
    #expect(expectation == nil)
    #expect(facts.hostOffset == -1)
    #expect(!facts.expectsContinue)
  }

  @Test func `fields that concern responses only are left alone in requests`() {
    var facts = HeadFacts(isResponse: false, limits: HTTP1Limits())
    _ = absorb(.retryAfter, "5", into: &facts)
    _ = absorb(.keepAlive, "timeout=5, max=7", into: &facts)
    #expect(facts.retryAfterSeconds == nil)
    #expect(facts.keepAliveTimeoutSeconds == nil)
    #expect(facts.keepAliveMax == nil)
  }

  @Test func `every field that affects a message is one that is looked at`() {
    // The fields that the parser passes on must be those that `absorb` acts on.
    let values: [KnownField: String] = [
      .host: "a", .contentLength: "1", .transferEncoding: "chunked", .connection: "close",
      .keepAlive: "max=1", .upgrade: "websocket", .expect: "100-continue", .contentType: "a/b",
      .contentEncoding: "br", .retryAfter: "1",
    ]
    var raw: UInt8 = 1
    while let field = KnownField(rawValue: raw) {
      #expect(field.affectsMessage == (values[field] != nil), "\(field)")
      raw += 1
    }
    for (field, value) in values {
      var facts = HeadFacts(
        isResponse: field == .keepAlive || field == .retryAfter,
        limits: .init()
      )
      let before = String(describing: facts)
      _ = absorb(field, value, into: &facts)
      #expect(String(describing: facts) != before, "\(field)")
    }
  }
}
