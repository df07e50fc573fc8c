import OAIRRouting
import Testing

struct BalancingPolicyTests {
  @Test func `the built-in ones go by the words of the configuration`() {
    #expect(
      BalancingPolicy.builtIn.map(\.description)
        == ["least_in_flight", "round_robin", "first_healthy"]
    )
    for policy in BalancingPolicy.builtIn {
      #expect(BalancingPolicy(policy.description) == policy)
    }
    #expect(BalancingPolicy("leastInFlight") == nil && BalancingPolicy("") == nil)
  }
}
