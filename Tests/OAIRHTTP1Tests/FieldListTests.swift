import Testing

@testable import OAIRHTTP1

struct FieldListTests {
  @Test(arguments: [
    ("a", ["a"]), ("a,b", ["a", "b"]), (" a ,\tb\t", ["a", "b"]), ("a,,b", ["a", "b"]),
    (", ,a,", ["a"]), ("", []), (" ", []), (",,,", []), ("a b", ["a b"]),
  ])
  func `elements come without whitespace, empty ones not at all`(
    value: String,
    elements: [String]
  ) throws {
    let bytes = Array(value.utf8)
    let memory = try GuardedMemory(capacity: 16)
    let found = try memory.withBytes(bytes[...]) { buffer in
      var list = FieldList(try #require(buffer.baseAddress), 0, buffer.count)
      var found: [String] = []
      while let element = list.next() {
        found.append(String(decoding: buffer[element.start..<element.end], as: UTF8.self))
      }
      return found
    }
    #expect(found == elements)
  }
}
