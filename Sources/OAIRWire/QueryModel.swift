/// The `model` in a query string, percent-encoded.
package enum QueryModel {
  /// What was found.
  package enum Result: Equatable {
    case none
    /// So many bytes of the decoded name were written.
    case model(Int)
    case tooLong
  }

  /// Finds the model and decodes its name.
  ///
  /// - Parameters:
  ///   - query: what follows the `?`.
  ///   - memory: room for the name, `JSONPeek.modelLimit` bytes in its longest spelling.
  package static func find(
    in query: UnsafeRawBufferPointer,
    into memory: UnsafeMutableRawBufferPointer
  ) -> Result {
    guard let value = value(in: query) else { return .none }
    let raw = UnsafeRawBufferPointer(rebasing: query[value])
    guard raw.count <= 3 * JSONPeek.modelLimit, raw.count <= memory.count else {
      return .tooLong
    }
    let count = PercentDecoding.decode(raw, into: memory)
    guard count <= JSONPeek.modelLimit else { return .tooLong }
    return count == 0 ? .none : .model(count)
  }

  /// Where the first `model`'s value stands.
  package static func value(in query: UnsafeRawBufferPointer) -> Range<Int>? {
    // SAFETY: rebinding to bytes is always allowed; nothing behind query.count is looked at.
    guard let base = query.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
    let key: StaticString = "model="
    var start = 0
    while start < query.count {
      let end = base.offset(of: UInt8(ascii: "&"), from: start, to: query.count)
      if base.has(key, at: start, before: end) { return (start + key.utf8CodeUnitCount)..<end }
      start = end + 1
    }
    return nil
  }
}
