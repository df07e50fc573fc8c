import OAIRSys
import Testing

struct WallTimeTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00"), (951_782_400, "2000-02-29T00:00:00"),
    (1_795_332_341, "2026-11-22T07:25:41"), (4_102_444_799, "2099-12-31T23:59:59"),
  ])
  func `a time is written with its date, in UTC`(seconds: Int, text: String) {
    #expect(WallTime.utc(seconds) == text)
  }
}
