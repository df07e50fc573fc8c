import ArgumentParser
import OAIRouter

/// The `health.*` options of `serve`.
struct HealthArguments: ParsableArguments {
  @Option(
    name: [.customLong("health-interval"), .customLong("health.interval")],
    help: "Time between probes of a backend, 100ms to 1h. (default: 5s)",
    transform: DurationArgument.parse
  )
  var interval: DurationArgument?

  @Option(
    name: .customLong("health.timeout"),
    help: "How long a probe may take, up to 1m. (default: 2s)",
    transform: DurationArgument.parse
  )
  var timeout: DurationArgument?

  @Option(
    name: .customLong("health.failures"),
    help: "Probes in a row that must fail before it counts; refusals count at once. (default: 2)"
  )
  var failures: Int?

  @Option(
    name: .customLong("health.successes"),
    help: "Probes in a row that must succeed before a backend is taken back. (default: 1)"
  )
  var successes: Int?

  func apply(to policy: inout HealthPolicy) {
    policy = HealthPolicy(
      interval: interval?.value ?? .nanoseconds(Int64(policy.interval)),
      timeout: timeout?.value ?? .nanoseconds(Int64(policy.timeout)),
      failures: failures ?? policy.failures,
      successes: successes ?? policy.successes
    )
  }
}
