@testable import OAIRBench
import Testing

struct LatencyHistogramTests {
  @Test
  func `percentiles are those of the sorted values, within a bucket`() {
    var histogram = LatencyHistogram()
    var random = SplitMix(seed: 7)
    var values: [UInt64] = []
    for _ in 0..<20_000 {
      let value = UInt64.random(
        in: 0..<(1 << UInt64.random(in: 1...36, using: &random)),
        using: &random
      )
      values.append(value)
      histogram.add(value)
    }
    values.sort()
    for quantile in [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1] {
      let rank = max(Int((quantile * Double(values.count)).rounded(.up)), 1)
      let exact = values[rank - 1]
      let told = histogram.value(at: quantile)
      // Never less than what it was, and at most a bucket's width more.
      #expect(told >= exact && told - exact <= exact / 512, "\(quantile): \(told), \(exact)")
    }
  }

  @Test
  func `small values are exact`() {
    var histogram = LatencyHistogram()
    for value in 1...100 as ClosedRange<UInt64> { histogram.add(value) }
    let told = [0, 0.5, 0.99, 0.999, 1].map { histogram.value(at: $0) }
    #expect(told == [1, 50, 99, 100, 100])
  }

  @Test
  func `the largest value is exact and bounds all percentiles`() throws {
    var histogram = LatencyHistogram()
    histogram.add(1_000_001)
    let distribution = histogram.distribution
    let told = try #require(distribution)
    #expect(told.count == 1)
    #expect(told.p50 == 1000.001 && told.p999 == 1000.001 && told.maximum == 1000.001)
    #expect(told.minimum == 1000.001 && told.mean == 1000.001)
  }

  @Test
  func `what is longer than can be told counts as the longest`() {
    var histogram = LatencyHistogram()
    histogram.add(.max)
    let (count, middle) = (histogram.count, histogram.value(at: 0.5))
    #expect(count == 1 && middle == LatencyHistogram.largest)
  }

  @Test
  func `of nothing there are no percentiles`() {
    let histogram = LatencyHistogram()
    let (distribution, middle) = (histogram.distribution, histogram.value(at: 0.5))
    #expect(distribution == nil && middle == 0)
  }

  @Test
  func `buckets follow each other without a gap`() {
    var end: UInt64 = 0
    for bucket in 1..<12_000 {
      let next = LatencyHistogram.upperEnd(of: bucket)
      #expect(LatencyHistogram.bucket(of: end) == bucket - 1)
      #expect(LatencyHistogram.bucket(of: end + 1) == bucket)
      #expect(LatencyHistogram.bucket(of: next) == bucket)
      end = next
    }
  }
}
