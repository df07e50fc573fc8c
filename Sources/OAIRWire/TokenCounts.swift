/// How many tokens a stream says it took and gave, as far as it has said so.
struct TokenCounts: Equatable, Sendable {
  var input: Int?
  var output: Int?

  private static var key: StaticString { "\"usage\"" }

  /// Takes the counts of every `"usage":{…}` in `start..<end`, the last one counting.
  ///
  /// The search goes by `{`, of which an event has only a few. Within a string the quotes would be
  /// escaped, so a match is always a key.
  mutating func readUsage(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) {
    // No brace can count that has no room for the key before it: not that of the event itself.
    let first = start + Self.key.utf8CodeUnitCount + 1
    var brace = bytes.offset(of: Byte.openBrace, from: first, to: end)
    while brace < end {
      if Self.isUsage(bytes, at: brace, from: start) {
        readCounts(bytes, from: brace, to: end)
      }
      brace = bytes.offset(of: Byte.openBrace, from: brace + 1, to: end)
    }
  }

  /// Whether `"usage":` stands before the brace, with or without a space.
  private static func isUsage(
    _ bytes: UnsafePointer<UInt8>,
    at brace: Int,
    from start: Int
  ) -> Bool {
    guard brace - start > key.utf8CodeUnitCount else { return false }
    let colon = bytes[brace - 1] == Byte.space ? brace - 2 : brace - 1
    // The key's last letter rules out nearly all others without a call.
    guard bytes[colon] == Byte.colon, bytes[colon - 2] == UInt8(ascii: "e") else { return false }
    let keyStart = colon - key.utf8CodeUnitCount
    return keyStart >= start && bytes.has(key, at: keyStart, before: colon)
  }

  private mutating func readCounts(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) {
    var cursor = JSONCursor(bytes, from: start, to: end)
    guard cursor.enter(Byte.openBrace) else { return }
    while let key = cursor.nextKey() {
      if bytes.equals("prompt_tokens", in: key) || bytes.equals("input_tokens", in: key) {
        input = cursor.integer() ?? input
      } else if bytes.equals("completion_tokens", in: key)
        || bytes.equals("output_tokens", in: key)
      {
        output = cursor.integer() ?? output
      } else {
        cursor.skip()
      }
    }
  }
}
