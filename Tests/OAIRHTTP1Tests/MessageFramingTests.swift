import Testing

@testable import OAIRHTTP1

struct MessageFramingTests {
  private func facts(length: Int = -1, isChunked: Bool = false) -> HeadFacts {
    var facts = HeadFacts(isResponse: true, limits: HTTP1Limits())
    facts.contentLength = length
    facts.isChunked = isChunked
    return facts
  }

  @Test func `a request has a body only if it says so`() {
    #expect(facts().requestFraming(minorVersion: 1) == .success(.none))
    #expect(facts(length: 0).requestFraming(minorVersion: 1) == .success(.length(0)))
    #expect(facts(isChunked: true).requestFraming(minorVersion: 1) == .success(.chunked))
  }

  @Test func `a response has a body unless its status or the request's method forbids it`() {
    for status in 100..<600 {
      for method in [HTTPMethod.get, .post, .head, .options] {
        let framing = facts().responseFraming(
          minorVersion: 1,
          status: status,
          requestMethod: method
        )
        let isBodiless = method == .head || status < 200 || status == 204 || status == 304
        #expect(framing == .success(isBodiless ? .none : .untilClose), "\(status) to \(method)")
      }
    }
  }

  @Test func `conflicts are refused even where there is no body`() {
    let conflicting = facts(length: 1, isChunked: true)
    let framing = conflicting.responseFraming(minorVersion: 1, status: 204, requestMethod: .head)
    #expect(framing == .failure(.lengthAndTransferEncoding))
  }
}
