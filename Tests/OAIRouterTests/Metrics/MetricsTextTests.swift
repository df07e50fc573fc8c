import Testing

@testable import OAIRProxy
@testable import OAIRouter

struct MetricsTextTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test(arguments: [false, true])
  func `a counter's family is called as each format wants it`(isOpenMetrics: Bool) {
    var metrics = MetricsText(isOpenMetrics: isOpenMetrics)
    metrics.begin("a_b", .counter, "Help.")
    metrics.sample(3, MetricsText.labels(("x", "1"), ("y", "2")))
    metrics.begin("c", .gauge, "Help.")
    metrics.sample(nanoseconds: 1_000_000_020)
    metrics.end()
    let family = isOpenMetrics ? "a_b" : "a_b_total"
    #expect(
      text(metrics.bytes) == """
        # HELP \(family) Help.
        # TYPE \(family) counter
        a_b_total{x="1",y="2"} 3
        # HELP c Help.
        # TYPE c gauge
        c 1.000000020\n
        """ + (isOpenMetrics ? "# EOF\n" : "")
    )
  }

  @Test func `buckets add up and their bounds are decimal`() {
    var histogram = Histogram()
    for time in [1, 5, 6, 1_000_000] { histogram.add(UInt64(time) * 1_000_000, unit: 5_000_000) }
    var metrics = MetricsText(isOpenMetrics: false)
    metrics.begin("h", .histogram, "Help.")
    metrics.histogram(histogram, HistogramBounds(unit: 5_000_000), MetricsText.label("m", "x"))
    let lines = text(metrics.bytes).split(separator: "\n")
    #expect(lines.count == 2 + 17 + 2)
    #expect(lines[2] == #"h_bucket{m="x",le="0.005"} 2"#)
    #expect(lines[3] == #"h_bucket{m="x",le="0.01"} 3"#)
    #expect(lines[17] == #"h_bucket{m="x",le="163.84"} 3"#)
    #expect(lines[18] == #"h_bucket{m="x",le="+Inf"} 4"#)
    #expect(lines[19] == #"h_sum{m="x"} 1000.012000000"#)
    #expect(lines[20] == #"h_count{m="x"} 4"#)
  }

  @Test func `no text of a backend can end its label or move a cursor`() {
    let hostile = "a\"b\\c\nd\re\u{1b}[2Jf\u{9b}g\u{202e}h\u{0}é"
    let label = text(MetricsText.label("m", hostile))
    #expect(
      label == #"m="a\"b\\c\\u{a}d\\u{d}e\\u{1b}[2Jf\\u{9b}g\\u{202e}h\\u{0}é""#
    )
  }
}
