import OAIRProxy
import Testing

@testable import OAIRouter

struct KeyNumbersTests {
  private func numbers(_ ids: [String], _ numbers: KeyNumbers) -> [Int]? {
    numbers.number(ids.map { ClientKey(id: $0, secret: "") })?.map(\.number)
  }

  @Test func `an id keeps its number whatever comes and goes`() {
    let known = KeyNumbers()
    #expect(numbers(["a", "b"], known) == [1, 2])
    #expect(numbers(["c", "b"], known) == [3, 2])
    #expect(numbers(["a"], known) == [1])
    #expect(known.ids == ["a", "b", "c"])
  }

  @Test func `there are as many numbers as a record can have`() {
    let known = KeyNumbers()
    let ids = (1...KeyNumbers.most).map(String.init)
    #expect(numbers(ids, known)?.last == 65_535)
    #expect(numbers(["1", "one more"], known) == nil)
    #expect(numbers(["1", "2"], known) == [1, 2])
    #expect(UInt16(exactly: KeyNumbers.most) != nil)
  }
}
