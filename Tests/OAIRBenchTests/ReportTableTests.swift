import FoundationEssentials
@testable import OAIRBench
import Testing

struct ReportTableTests {
  @Test
  func `a report is a table with errors by kind below it`() {
    let expected = """
      closed loop, 16 connections
      POST /v1/chat/completions, bodies of 1,024 bytes
      10 s after 1 s of warm-up

                        http://a
      requests/s           1,000
      latency p50 us         200
      latency p90 us         500
      latency p99 us       1,000
      latency p99.9 us     2,000
      latency max us       3,000
      http://a: 10,000 right answers, 7 errors (reset 5, no_done 2)

      """
    let text = ReportTable.render(report(figures(errors: ["no_done": 2, "reset": 5])))
    #expect(text == expected)
  }

  @Test
  func `two targets stand side by side with what the first has more`() {
    var both = report(figures(rate: 900, p50: 250), figures(rate: 1100, p50: 250))
    both.targets.append(.init(url: "http://b", rounds: [figures(), figures()]))
    let text = ReportTable.render(both)
    #expect(text.contains("10 s after 1 s of warm-up, 2 rounds: medians, and half of the spread"))
    #expect(text.contains("A: http://a\nB: http://b\n"))
    let lines = text.split(separator: "\n")
    let rate = lines.first { $0.hasPrefix("requests/s") }?.split(separator: " ").joined(
      separator: " "
    )
    #expect(rate == "requests/s 1,000 ±10 % 1,000 ±0 % 0 1.00")
    let p50 = lines.first { $0.hasPrefix("latency p50") }?.split(separator: " ").joined(
      separator: " "
    )
    #expect(p50 == "latency p50 us 250 ±0 % 200 ±0 % +50 1.25")
  }

  @Test
  func `a comparison names what got worse`() {
    let comparison = Comparison(report(figures()), report(figures(rate: 500)), noise: 0.1)
    let lines = ReportTable.render(comparison).split(separator: "\n")
    let rate = lines.first { $0.hasPrefix("requests/s") }?.split(separator: " ").joined(
      separator: " "
    )
    #expect(rate == "requests/s 1,000 500 -50.0 10.0 worse")
    #expect(lines.filter { $0.hasSuffix("worse") }.count == 1)
  }

  @Test(arguments: [
    (0, "0"), (5, "5"), (1.5, "1.50"), (99.994, "99.99"), (100.4, "100"), (1234.5, "1,235"),
    (1_234_567, "1,234,567"), (-1234.5, "-1,235"), (-0.5, "-0.50"), (0.001, "0.00"),
    (-0.001, "0.00"),
  ])
  func `numbers have the decimals that are worth reading`(value: Double, text: String) {
    #expect(ReportTable.number(value) == text)
  }

  @Test
  func `a report is the same once it was JSON`() throws {
    var figures = figures(errors: ["status": 3])
    figures.statuses = ["503": 3]
    figures.process = ProcessFigures(
      cpuShare: 0.5,
      systemShare: 0.75,
      perRequest: 20.5,
      perEvent: nil,
      resident: 4096,
      residentPeak: 8192
    )
    var workload = Workload()
    workload.body = .chat(bytes: nil)
    workload.rate = 12.5
    let report = report(figures, workload: workload)
    let data = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(BenchReport.self, from: data) == report)
    let text = String(decoding: data, as: UTF8.self)
    for key in ["\"latency_us\"", "\"p999\"", "\"errors_by_kind\"", "\"cpu_per_request_us\""] {
      #expect(text.contains(key))
    }
  }
}
