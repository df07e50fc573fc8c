import Testing

@testable import OAIRProxy

struct StatusCodesTests {
  @Test func `each status has a series and there are no more than that`() {
    let numbers = StatusCodes.numbers()
    #expect(StatusCodes.names.count == StatusCodes.count)
    #expect(Set(StatusCodes.names).count == StatusCodes.count)
    #expect(numbers.count == 1000 && numbers.allSatisfy { Int($0) < StatusCodes.count })
    for (status, name) in [(200, "200"), (404, "404"), (499, "499"), (529, "529"), (418, "4xx")] {
      #expect(StatusCodes.names[Int(numbers[status])] == name)
    }
    #expect(StatusCodes.names[Int(numbers[599])] == "5xx")
    #expect(StatusCodes.names[Int(numbers[0])] == "other")
    #expect(StatusCodes.names[Int(numbers[999])] == "other")
  }
}
