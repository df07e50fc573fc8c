@testable import OAIRMock
import Testing

struct DurationTextTests {
  @Test(arguments: [
    ("100us", Duration.microseconds(100)), ("250ms", .milliseconds(250)), ("5s", .seconds(5)),
    ("2m", .seconds(120)), ("1h", .seconds(3600)), ("0s", .zero), ("007ms", .milliseconds(7)),
    ("10000h", .seconds(36_000_000)),
  ])
  func `a number with a unit is a duration`(text: String, expected: Duration) {
    #expect(DurationText.parse(text) == expected)
  }

  @Test(arguments: [
    "", "5", "s", "5 s", "-5s", "+5s", "1.5s", "5S", "5sec", "5ss", "10001h",
    "99999999999999999999s", "9223372036854775807h", "٥s",
  ])
  func `anything else is none`(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test(arguments: ["100us", "250ms", "5s", "2m", "1h", "90s", "1001us", "0s"])
  func `a duration is written as it is read`(text: String) throws {
    let duration = try #require(DurationText.parse(text))
    #expect(DurationText.render(duration) == text)
  }

  @Test
  func `nanoseconds are never negative`() {
    #expect(Duration.microseconds(3).nanoseconds == 3000)
    #expect(Duration.seconds(-1).nanoseconds == 0)
    #expect((Duration.zero - .nanoseconds(1)).nanoseconds == 0)
    #expect(Duration.microseconds(1500).milliseconds == 1.5)
  }
}
