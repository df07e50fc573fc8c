import OAIRHTTP1

/// The body of an answer that says that something went wrong, as far as it has come, without its
/// framing: what it says may decide what becomes of the request.
enum ErrorBody {
  /// All of it.
  case whole([UInt8])
  /// What there is of it; more is to come, or would have been.
  case partial([UInt8])
  /// It isn't looked at: compressed, a stream, broken, or longer than `ProxyLimits.errorBody`.
  case unreadable

  /// - Parameters:
  ///   - head: of the answer.
  ///   - bytes: what has come behind the head, framed.
  ///   - isClosed: nothing follows.
  ///   - limits: for chunk framing.
  init(
    _ head: ResponseHead,
    _ bytes: UnsafeRawBufferPointer,
    isClosed: Bool,
    limits: HTTP1Limits
  ) {
    guard !head.isEncoded, head.contentKind != .eventStream else {
      self = .unreadable
      return
    }
    switch head.framing {
    case .none: self = .whole([])
    case .length(let length) where length > ProxyLimits.errorBody: self = .unreadable
    case .length(let length):
      self = bytes.count < length ? .partial(Array(bytes)) : .whole(Array(bytes.prefix(length)))
    case .untilClose where bytes.count > ProxyLimits.errorBody: self = .unreadable
    case .untilClose: self = isClosed ? .whole(Array(bytes)) : .partial(Array(bytes))
    case .chunked: self = Self.chunked(bytes, limits)
    }
  }

  private static func chunked(_ bytes: UnsafeRawBufferPointer, _ limits: HTTP1Limits) -> ErrorBody {
    var decoder = ChunkedDecoder(limits: limits, isResponse: true)
    var payload: [UInt8] = []
    var offset = 0
    while true {
      switch decoder.next(bytes, at: &offset) {
      case .payload(let range):
        payload += bytes[range]
        guard payload.count <= ProxyLimits.errorBody else { return .unreadable }
      case .lastChunk: continue
      case .end: return .whole(payload)
      case .failed: return .unreadable
      case .needMore:
        // What isn't payload is bounded as well.
        return bytes.count > ProxyLimits.errorBodyFramed ? .unreadable : .partial(payload)
      }
    }
  }
}
