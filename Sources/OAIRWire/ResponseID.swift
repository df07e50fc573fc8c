/// Finds the id that a backend has given to a response of OpenAI's Responses API.
public enum ResponseID {
  /// The least that such ids begin with.
  private static let prefix: StaticString = "\"resp_"

  /// How much of what was looked at must be looked at again, in front of what follows, to find an
  /// id that begins there: the key, some space, and an id of `length` bytes.
  public static func overlap(length: Int) -> Int { 32 + length }

  /// Looks for `"id":"resp_…"` in the beginning of an answer: of a JSON object, or of a stream's
  /// first event, whose order of keys differs by engine.
  ///
  /// - Parameter bytes: payload, perhaps with its chunk framing.
  /// - Returns: where the id stands, without its quotes; nil when it isn't there whole.
  public static func find(in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
    // SAFETY: rebinding to bytes is always allowed; nothing behind bytes.count is looked at.
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
    var quote = base.offset(of: Byte.quote, from: 0, to: bytes.count)
    while quote < bytes.count {
      if base.has(prefix, at: quote, before: bytes.count), isValueOfID(base, quote) {
        let start = quote &+ 1
        let end = base.offset(of: Byte.quote, from: start, to: bytes.count)
        return end < bytes.count ? start..<end : nil
      }
      quote = base.offset(of: Byte.quote, from: quote &+ 1, to: bytes.count)
    }
    return nil
  }

  /// Whether the value whose quote stands at `quote` belongs to the key `id`.
  private static func isValueOfID(_ base: UnsafePointer<UInt8>, _ quote: Int) -> Bool {
    let key: StaticString = "\"id\""
    var end = quote
    while end > 0, Byte.isSpace(base[end &- 1]) { end &-= 1 }
    guard end > 0, base[end &- 1] == Byte.colon else { return false }
    end &-= 1
    while end > 0, Byte.isSpace(base[end &- 1]) { end &-= 1 }
    return base.has(key, at: end &- key.utf8CodeUnitCount, before: end)
  }
}
