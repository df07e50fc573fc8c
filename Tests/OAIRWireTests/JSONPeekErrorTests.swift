import OAIRWire
import Testing

@Suite struct JSONPeekErrorTests {
  @Test func `every error names its offset`() {
    let errors: [JSONPeekError] = [
      .invalidJSON(offset: 3), .duplicateModel(offset: 3), .notAnObject(offset: 3),
      .modelNotAString(offset: 3), .modelTooLong(offset: 3),
    ]
    #expect(errors.map(\.offset) == [3, 3, 3, 3, 3])
    #expect(errors[0] != errors[1])
  }
}
