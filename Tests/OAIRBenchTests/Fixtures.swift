@testable import OAIRBench

/// A run with round figures; tests change what they are about.
func figures(
  rate: Double = 1000,
  p50: Double = 200,
  p99: Double = 1000,
  errors: [String: Int] = [:]
) -> RunFigures {
  RunFigures(
    seconds: 10,
    requests: 10_000,
    requestsPerSecond: rate,
    eventsPerSecond: 0,
    bytesPerSecond: 0,
    latency: Distribution(
      count: 10_000,
      mean: p50,
      minimum: 100,
      p50: p50,
      p90: 500,
      p99: p99,
      p999: 2000,
      maximum: 3000
    ),
    firstEvent: nil,
    interEvent: nil,
    delivery: nil,
    sendLag: nil,
    errors: errors.values.reduce(0, +),
    errorsByKind: errors,
    statuses: [:],
    reconnects: 0,
    slowRequests: 0,
    backlogPeak: 0,
    generatorShare: 0.5,
    process: nil
  )
}

/// A report of one target.
func report(_ rounds: RunFigures..., workload: Workload = Workload()) -> BenchReport {
  BenchReport(workload: workload, targets: [.init(url: "http://a", rounds: rounds)])
}
