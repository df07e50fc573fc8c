import Testing

@testable import OAIRProxy

struct HistogramTests {
  @Test func `a bound belongs to its own bucket and what is above it to the next`() {
    let unit: UInt64 = 1000
    for bucket in 0..<Histogram.buckets {
      let bound = unit << UInt64(bucket)
      for (value, wanted) in [(bound, bucket), (bound + 1, bucket + 1), (bound - 1, bucket)] {
        var histogram = Histogram()
        histogram.add(value, unit: unit)
        #expect(histogram.counts[wanted] == 1, "\(value)")
        #expect(histogram.count == 1 && histogram.sum == value)
      }
    }
  }

  @Test func `nothing is the first bucket's and eternity the last one's`() {
    var histogram = Histogram()
    histogram.add(0, unit: 10_000_000)
    histogram.add(.max, unit: 1)
    histogram.addZeros(3)
    #expect(histogram.counts[0] == 4)
    #expect(histogram.counts[Histogram.buckets] == 1)
    #expect(histogram.count == 5)
  }
}
