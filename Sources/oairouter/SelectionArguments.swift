import ArgumentParser
import OAIRouter

/// How `serve` chooses a backend, and how many requests may wait for one.
struct SelectionArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which of several equal backends: least_in_flight, round_robin or first_healthy. (default: "
        + "least_in_flight)",
      valueName: "policy"
    ),
    transform: Self.parsePolicy
  )
  var balance: BalancingPolicy?

  @Flag(
    name: .customLong("session-affinity.enabled"),
    help: "Requests of one session go to one backend, as long as it is there."
  )
  var isSessionAffinityEnabled = false

  @Option(
    name: .customLong("session-affinity.header"),
    help: ArgumentHelp(
      "The field that names a request's session. (default: X-Session-ID)",
      valueName: "name"
    )
  )
  var sessionHeader: String?

  @Option(
    name: .customLong("queue.max"),
    help: "Requests that may wait for a busy backend. (default: 256)"
  )
  var queue: Int?

  func apply(to selection: inout SelectionOptions) {
    if let balance { selection.balance = balance }
    if isSessionAffinityEnabled {
      selection.sessionHeader = sessionHeader ?? SelectionOptions.defaultSessionHeader
    }
    if let queue { selection.queue = queue }
  }

  private static func parsePolicy(_ argument: String) throws -> BalancingPolicy {
    guard let policy = BalancingPolicy(argument) else {
      let known = BalancingPolicy.builtIn.map(\.description).joined(separator: ", ")
      throw ValidationError("the policies are \(known)")
    }
    return policy
  }
}
