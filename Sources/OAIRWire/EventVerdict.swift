/// What an event means for the exchange that it passes through.
enum EventVerdict: UInt8 {
  /// Nothing that could be judged was seen.
  case none
  /// There is data, but what it is must come from the event's name.
  case unnamed
  /// Known to carry no content: it doesn't commit.
  case silent
  /// Content, or nothing that is known to carry none.
  case content
  /// The family's end marker, and nothing else.
  case end
  /// The end marker and content in one.
  case contentAndEnd
  /// An error inside the stream.
  case error

  /// What an event of this type (`event:` field, or `type` in its data) is.
  static func ofType(
    _ bytes: UnsafePointer<UInt8>,
    _ range: Range<Int>,
    family: WireFamily
  ) -> EventVerdict {
    if bytes.equals("error", in: range) { return .error }
    switch family {
    case .responses:
      return ofResponseType(bytes, range)
    case .messages:
      if bytes.equals("message_stop", in: range) { return .end }
      let isSilent =
        bytes.equals("ping", in: range) || bytes.equals("message_start", in: range)
        || bytes.equals("content_block_start", in: range)
      return isSilent ? .silent : .content
    case .chat, .completions, .ollama, .opaque:
      return .none
    }
  }

  private static func ofResponseType(
    _ bytes: UnsafePointer<UInt8>,
    _ range: Range<Int>
  ) -> EventVerdict {
    let prefix: StaticString = "response."
    guard bytes.has(prefix, at: range.lowerBound, before: range.upperBound) else {
      return .content
    }
    let kind = range.lowerBound + prefix.utf8CodeUnitCount..<range.upperBound
    if bytes.equals("created", in: kind) || bytes.equals("queued", in: kind)
      || bytes.equals("in_progress", in: kind)
    {
      return .silent
    }
    if bytes.equals("completed", in: kind) || bytes.equals("failed", in: kind)
      || bytes.equals("incomplete", in: kind)
    {
      return .contentAndEnd
    }
    return .content
  }
}
