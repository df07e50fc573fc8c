import Testing

@testable import OAIRRouting

struct ModelSeriesTests {
  @Test func `a name keeps its number`() {
    let series = ModelSeries()
    let first = series.numbers(of: ["a", "b"])
    #expect(Set(first).count == 2 && first.allSatisfy { $0 > ModelSeries.other })
    #expect(series.numbers(of: ["b", "c", "a"]) == [first[1], first[1] + 1, first[0]])
    #expect(series.names[Int(first[1])] == "b")
  }

  @Test func `no name is taken for what isn't known`() {
    let series = ModelSeries()
    #expect(
      series.numbers(of: ["__unknown__", "__other__"]) == [ModelSeries.unknown, ModelSeries.other]
    )
  }

  @Test func `names beyond the limit share a number`() {
    let series = ModelSeries()
    let numbers = series.numbers(of: (0..<(ModelSeries.capacity + 10)).map { "m\($0)" })
    #expect(numbers.suffix(10).allSatisfy { $0 == ModelSeries.other })
    #expect(Set(numbers).count == ModelSeries.capacity + 1)
    #expect(numbers.allSatisfy { Int($0) < ModelSeries.end })
    #expect(series.names.count == ModelSeries.end)
  }
}
