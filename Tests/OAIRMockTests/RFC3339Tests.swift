import Testing

@testable import OAIRMock

struct RFC3339Tests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (784_111_777, "1994-11-06T08:49:37Z"),
    (951_868_799, "2000-02-29T23:59:59Z"), (1_700_000_000, "2023-11-14T22:13:20Z"),
  ])
  func `times are rendered in UTC`(seconds: Int, expected: String) {
    #expect(RFC3339.render(seconds) == expected)
  }
}
