import Testing

@testable import OAIRRouting

struct RoutingLimitsTests {
  @Test(arguments: [
    (Duration.zero, UInt64(0)), (.seconds(-1), 0), (.nanoseconds(-1), 0), (.nanoseconds(7), 7),
    (.milliseconds(1500), 1_500_000_000), (.seconds(Int64.max), .max),
  ])
  func `durations become whole nanoseconds within their range`(
    duration: Duration,
    nanoseconds: UInt64
  ) {
    #expect(duration.nanoseconds == nanoseconds)
  }
}
