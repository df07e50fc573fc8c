import OAIRHTTP1
import Testing

struct HTTP1ErrorTests {
  @Test func `every kind has a reason of its own and a status that fits`() {
    var reasons = Set<String>()
    for kind in HTTP1Error.Kind.allCases {
      let error = HTTP1Error(kind, at: 3)
      #expect([400, 414, 417, 431, 501, 505].contains(error.status), "\(kind)")
      #expect(error.offset == 3)
      reasons.insert(error.reason.description)
      #expect(HTTP1Error(kind, at: 3, isResponse: true).status == 502)
    }
    #expect(reasons.count == HTTP1Error.Kind.allCases.count)
  }

  @Test(arguments: [
    (HTTP1Error.Kind.requestLineTooLong, 414), (.headTooLarge, 431), (.tooManyFields, 431),
    (.trailersTooLarge, 431), (.unsupportedTransferEncoding, 501), (.unsupportedVersion, 505),
    (.unsupportedExpectation, 417), (.missingHost, 400), (.lengthAndTransferEncoding, 400),
  ])
  func `the status says whose limit or rule it was`(kind: HTTP1Error.Kind, status: Int) {
    #expect(HTTP1Error(kind, at: 0).status == status)
  }
}
