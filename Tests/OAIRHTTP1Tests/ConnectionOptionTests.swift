import Testing

@testable import OAIRHTTP1

struct ConnectionOptionTests {
  @Test(arguments: [
    ("close", ConnectionOption.close), ("CLOSE", .close), ("keep-alive", .keepAlive),
    ("Keep-Alive", .keepAlive), ("upgrade", .upgrade), ("closed", .fieldName),
    ("clos", .fieldName), ("x", .fieldName), ("te", .fieldName), ("keep\ralive", .fieldName),
  ])
  func `options are told from field names`(name: String, option: ConnectionOption) throws {
    let bytes = Array(name.utf8)
    let memory = try GuardedMemory(capacity: 16)
    let found = try memory.withBytes(bytes[...]) { buffer in
      ConnectionOption(try #require(buffer.baseAddress), count: buffer.count)
    }
    #expect(found == option)
  }
}
