import Testing

@testable import OAIRWire

@Suite struct JSONCursorTests {
  /// Hands a cursor over the text, which ends at a guard page.
  private func read<R>(_ text: String, _ body: (inout JSONCursor) -> R) throws -> R {
    let bytes = Array(text.utf8)
    let result = GuardedBytes(capacity: bytes.count).place(bytes[...]) { buffer -> R? in
      guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
      var cursor = JSONCursor(base, from: 0, to: bytes.count)
      return body(&cursor)
    }
    return try #require(result)
  }

  @Test func `members and elements are walked in order`() throws {
    let seen = try read(#" { "a" : [ 1 , "x" , {} ] , "b" : { "c" : 2 } } "#) { cursor in
      var seen: [String] = []
      guard cursor.enter(Byte.openBrace) else { return ["no object"] }
      while let key = cursor.nextKey() {
        seen.append(
          String(decoding: UnsafeBufferPointer(rebasing: slice(cursor, key)), as: UTF8.self)
        )
        if cursor.peek() == Byte.openBracket {
          _ = cursor.enter(Byte.openBracket)
          while cursor.nextElement() {
            seen.append("element")
            cursor.skip()
          }
        } else {
          cursor.skip()
        }
      }
      seen.append(cursor.isAtEnd() ? "end" : "more")
      return seen
    }
    #expect(seen == ["a", "element", "element", "element", "b", "end"])
  }

  private func slice(_ cursor: JSONCursor, _ range: Range<Int>) -> Slice<UnsafeBufferPointer<UInt8>>
  {
    UnsafeBufferPointer(start: cursor.bytes, count: range.upperBound)[range]
  }

  @Test(arguments: [
    ("null", true), ("\"\"", true), ("[]", true), ("{ }", true), ("[ \n]", true),
    ("\"x\"", false), ("0", false), ("false", false), ("[null]", false), ("[[]]", false),
    ("{\"a\":null}", false), ("[\"\"]", false), ("nul", false),
  ]) func `what says nothing is empty`(text: String, isEmpty: Bool) throws {
    let found = try read(text) { ($0.skipIsEmpty(), $0.isAtEnd()) }
    #expect(found == (isEmpty, true))
  }

  @Test func `strings end at their own quote`() throws {
    #expect(try read(#""a\"b\\" "#) { $0.string() } == 1..<7)
    #expect(try read(#""a\"#) { $0.string() } == nil)
    #expect(try read(#""a\""#) { $0.string() } == nil)
    #expect(try read("x") { $0.string() } == nil)
  }

  @Test(arguments: [
    ("0", 0), ("42,", 42), ("123456789012345678", 123_456_789_012_345_678), (" 7 ", 7),
    ("1234567890123456789", nil), ("1.5", nil), ("1e3", nil), ("-1", nil), ("\"1\"", nil),
    ("null", nil),
  ]) func `whole numbers are read, others stepped over`(text: String, value: Int?) throws {
    #expect(try read(text) { $0.integer() } == value)
  }

  @Test func `only true is true`() throws {
    #expect(try read(" true}") { $0.skipIsTrue() })
    #expect(try read("truer}") { !$0.skipIsTrue() })
    #expect(try read("\"true\"") { !$0.skipIsTrue() })
    #expect(try read("false") { !$0.skipIsTrue() })
  }

  @Test(arguments: ["[1,", "{\"a\":", "{\"a\"", "{\"a", "{", "["])
  func `a text that ends too early breaks the cursor, and it stays broken`(text: String) throws {
    let isBroken = try read(text) { cursor in
      cursor.skip()
      let isBroken = cursor.isBroken
      return isBroken && cursor.nextKey() == nil && !cursor.nextElement() && !cursor.isAtEnd()
    }
    #expect(isBroken)
  }
}
