import OAIRRouting
import Testing

struct HealthPolicyTests {
  @Test func `the defaults are the documented ones`() {
    let policy = HealthPolicy()
    #expect(policy.interval == 5_000_000_000)
    #expect(policy.timeout == 2_000_000_000)
    #expect(policy.failures == 2 && policy.successes == 1)
  }

  @Test func `values below their ranges are raised`() {
    let policy = HealthPolicy(interval: .zero, timeout: .seconds(-1), failures: 0, successes: -3)
    #expect(policy.interval == 100_000_000)
    #expect(policy.timeout == 1_000_000)
    #expect(policy.failures == 1 && policy.successes == 1)
  }
}
