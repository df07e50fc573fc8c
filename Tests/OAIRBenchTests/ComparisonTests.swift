@testable import OAIRBench
import Testing

struct ComparisonTests {
  private func verdicts(_ before: BenchReport, _ after: BenchReport, noise: Double = 0.1)
    -> [String: Comparison.Verdict]
  {
    let lines = Comparison(before, after, noise: noise).lines
    return Dictionary(uniqueKeysWithValues: lines.map { ($0.name, $0.verdict) })
  }

  @Test
  func `what differs by less than the noise is the same`() {
    let found = verdicts(report(figures()), report(figures(rate: 910, p50: 219, p99: 1190)))
    #expect(Set(found.values) == [.same])
  }

  @Test
  func `less throughput and longer times are worse, the opposite is better`() {
    let slower = verdicts(report(figures()), report(figures(rate: 890, p50: 221)))
    #expect(slower["requests/s"] == .worse)
    #expect(slower["latency p50 us"] == .worse)
    let faster = verdicts(report(figures()), report(figures(rate: 1110, p50: 179)))
    #expect(faster["requests/s"] == .better)
    #expect(faster["latency p50 us"] == .better)
  }

  @Test
  func `a tail has twice the noise, and the far tail isn't judged`() {
    #expect(verdicts(report(figures()), report(figures(p99: 1190)))["latency p99 us"] == .same)
    let found = verdicts(report(figures()), report(figures(p99: 1210)))
    #expect(found["latency p99 us"] == .worse)
    #expect(found["latency p99.9 us"] == nil && found["latency max us"] == nil)
  }

  @Test
  func `rounds that spread widen the band`() throws {
    // The medians are 20 % apart; the rounds before spread by 15 %, those after by 12.5 %.
    let before = report(figures(rate: 850), figures(rate: 1000), figures(rate: 1150))
    let after = report(figures(rate: 700), figures(rate: 800), figures(rate: 900))
    let comparison = Comparison(before, after, noise: 0.1)
    let line = try #require(comparison.lines.first { $0.name == "requests/s" })
    #expect(line.verdict == .same)
    #expect(abs(line.band - 0.275) < 1e-9)
    let steady = report(figures(rate: 800), figures(rate: 800), figures(rate: 800))
    #expect(verdicts(before, steady)["requests/s"] == .worse)
  }

  @Test
  func `only worse figures are a regression`() {
    #expect(Comparison(report(figures()), report(figures(rate: 500)), noise: 0.1).isRegression)
    #expect(!Comparison(report(figures()), report(figures(rate: 5000)), noise: 0.1).isRegression)
    #expect(!Comparison(report(figures()), report(figures()), noise: 0).isRegression)
  }

  @Test
  func `errors that become more are worse, whatever the noise`() {
    let more = report(figures(errors: ["reset": 11]))
    #expect(verdicts(report(figures()), more, noise: 5)["failed %"] == .worse)
    #expect(verdicts(more, report(figures()))["failed %"] == .better)
    let few = report(figures(errors: ["reset": 9]))
    #expect(verdicts(report(figures()), few)["failed %"] == .same)
  }

  @Test
  func `a median of nothing isn't worse for what a scheduler adds`() {
    for (after, verdict) in [(0.0, Comparison.Verdict.same), (49, .same), (51, .worse)] {
      #expect(Comparison.verdict(.interEventP50, 0, after, 0.1) == verdict)
    }
    #expect(Comparison.verdict(.eventsPerSecond, 0, 100, 0.1) == .better)
    #expect(Comparison.verdict(.latencyP50, 200, 0, 0.1) == .better)
  }

  @Test
  func `records of another fake backend can't be compared`() {
    var before = report(figures())
    before.mock = BenchReport.Mock(tokens: 4, timeToFirstToken: 0, interTokenLatency: 0)
    var after = before
    #expect(Comparison.obstacle(before, after) == nil)
    after.mock?.interTokenLatency = 0.01
    #expect(Comparison.obstacle(before, after)?.contains("--mock-") == true)
    #expect(Comparison.obstacle(report(figures()), after)?.contains("--mock-") == true)
  }

  @Test
  func `records of another load, form or number of targets can't be compared`() {
    var other = Workload()
    other.connections = 17
    #expect(Comparison.obstacle(report(figures()), report(figures())) == nil)
    let changed = report(figures(), workload: other)
    #expect(Comparison.obstacle(changed, report(figures()))?.contains("another workload") == true)
    var future = report(figures())
    future.version = 2
    #expect(Comparison.obstacle(future, report(figures()))?.contains("version 2") == true)
    var two = report(figures())
    two.targets += two.targets
    #expect(Comparison.obstacle(two, report(figures()))?.contains("2 targets") == true)
  }
}

struct SeriesTests {
  @Test
  func `the median is the middle one, or between the two in the middle`() {
    #expect(Series([3, 1, 2])?.median == 2)
    #expect(Series([4, 1, 2, 3])?.median == 2.5)
    #expect(Series([]) == nil)
  }

  @Test
  func `the spread is half of the range as a share of the median`() {
    #expect(Series([90, 100, 120])?.spread == 0.15)
    #expect(Series([5])?.spread == 0)
    #expect(Series([0, 0])?.spread == 0)
  }

  @Test
  func `ratios and differences are those of neighbouring rounds`() {
    var both = report(figures(rate: 100), figures(rate: 300), figures(rate: 500))
    both.targets.append(
      .init(url: "http://b", rounds: [figures(rate: 50), figures(rate: 100), figures(rate: 250)])
    )
    #expect(both.ratio(.requestsPerSecond)?.median == 2)
    #expect(both.difference(.requestsPerSecond)?.median == 200)
    #expect(both.ratio(.eventsPerSecond) == nil)
    #expect(report(figures()).ratio(.requestsPerSecond) == nil)
  }
}
