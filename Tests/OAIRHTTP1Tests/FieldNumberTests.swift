import Testing

@testable import OAIRHTTP1

struct FieldNumberTests {
  private func withValue<Result>(
    _ value: String,
    _ body: (UnsafeRawPointer, Int) throws -> Result
  ) throws -> Result {
    let memory = try GuardedMemory(capacity: 64)
    let bytes = Array(value.utf8)
    return try memory.withBytes(bytes[...]) { buffer in
      try body(try #require(buffer.baseAddress), buffer.count)
    }
  }

  @Test(arguments: [
    ("0", 0), ("1", 1), ("0000000000000000012", 12), ("9223372036854775807", Int.max),
    ("9223372036854775808", nil), ("9999999999999999999", nil), ("00000000000000000001", nil),
    ("", nil), ("+1", nil), ("-1", nil), ("1 ", nil), ("1,1", nil), ("0x1", nil), ("1e3", nil),
  ])
  func `a length is one to nineteen digits that fit`(value: String, length: Int?) throws {
    let found = try withValue(value) { FieldNumber.contentLength($0, 0, $1) }
    #expect(found == length)
  }

  @Test(arguments: [
    ("0", 0), ("120", 120), ("999999999", 999_999_999), ("1000000000", 999_999_999),
    ("99999999999999999999999999", 999_999_999), ("", nil), ("-1", nil), ("1.5", nil),
    ("Sun, 22 Nov 2026 07:25:43 GMT", nil),
  ])
  func `seconds are digits, clamped`(value: String, seconds: Int?) throws {
    let found = try withValue(value) { FieldNumber.seconds($0, 0, $1) }
    #expect(found == seconds)
  }
}
