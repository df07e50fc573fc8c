/// What `Content-Type` says, as far as the router needs to know.
public enum ContentKind: UInt8, Sendable {
  /// No `Content-Type`, or an empty one.
  case none
  /// `application/json` or a type with the suffix `+json`.
  case json
  /// `text/event-stream`.
  case eventStream
  /// `application/x-ndjson` and its synonyms.
  case ndjson
  /// Any `multipart/` type.
  case multipart
  /// Anything else.
  case other

  /// Classifies a field value; parameters are ignored (RFC 9110 section 8.3.1).
  ///
  /// - Parameters:
  ///   - base: first byte of the value.
  ///   - count: its length in bytes, all of which are readable.
  init(_ base: UnsafeRawPointer, count: Int) {
    // What nearly all requests and plain answers say.
    if CaseFold.equals(base, count: count, "application/json") {
      self = .json
      return
    }
    var end = 0
    while end < count, ByteScan.byte(base, end) != 0x3B { end &+= 1 }
    while end > 0, ByteClass.isBlank(ByteScan.byte(base, end &- 1)) { end &-= 1 }
    self = Self.classify(base, end)
  }

  private static func classify(_ base: UnsafeRawPointer, _ count: Int) -> ContentKind {
    switch count {
    case 0: return .none
    case 16:
      if CaseFold.hasPrefix(base, "application/json") { return .json }
    case 17:
      if CaseFold.hasPrefix(base, "text/event-stream") { return .eventStream }
      if CaseFold.hasPrefix(base, "application/jsonl") { return .ndjson }
    case 18:
      if CaseFold.hasPrefix(base, "application/ndjson") { return .ndjson }
    case 20:
      if CaseFold.hasPrefix(base, "application/x-ndjson") { return .ndjson }
    default: break
    }
    if count > 10, CaseFold.hasPrefix(base, "multipart/") { return .multipart }
    if count > 5, CaseFold.hasPrefix(base + (count &- 5), "+json") { return .json }
    return .other
  }
}
