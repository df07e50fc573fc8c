import OAIRRouting
import Testing

struct HealthPolicyTests {
  @Test func `the defaults are the documented ones`() {
    let policy = HealthPolicy()
    #expect(policy.interval == 5_000_000_000)
    #expect(policy.timeout == 2_000_000_000)
    #expect(policy.failures == 2 && policy.successes == 1)
    #expect(policy.problem == nil)
    #expect(policy.bytesReportInterval == 1_250_000_000)
  }

  @Test(arguments: [
    (HealthPolicy(interval: .milliseconds(99)), "interval"),
    (HealthPolicy(interval: .seconds(3601)), "interval"),
    (HealthPolicy(timeout: .zero), "timeout"), (HealthPolicy(timeout: .seconds(61)), "timeout"),
    (HealthPolicy(failures: 0), "failures"), (HealthPolicy(failures: 101), "failures"),
    (HealthPolicy(successes: 0), "successes"), (HealthPolicy(successes: 101), "successes"),
  ])
  func `a value out of its range is named`(policy: HealthPolicy, option: String) {
    #expect(policy.problem?.option == option)
    #expect(policy.problem?.text.hasPrefix("must be ") == true)
  }

  @Test func `the ends of the ranges are in them`() {
    let least = HealthPolicy(
      interval: .milliseconds(100),
      timeout: .milliseconds(1),
      failures: 1,
      successes: 1
    )
    let greatest = HealthPolicy(
      interval: .seconds(3600),
      timeout: .seconds(60),
      failures: 100,
      successes: 100
    )
    #expect(least.problem == nil && greatest.problem == nil)
  }

  @Test func `values below their ranges are raised`() {
    let policy = HealthPolicy(interval: .zero, timeout: .seconds(-1), failures: 0, successes: -3)
    #expect(policy.interval == 100_000_000)
    #expect(policy.timeout == 1_000_000)
    #expect(policy.failures == 1 && policy.successes == 1)
  }
}
