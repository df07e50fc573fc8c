/// Position in a head that is being parsed, and why parsing stopped.
///
/// A local of the parse functions. `end` never exceeds what a limit allows, so running into it
/// means either "more bytes" or "too large"; `ranOut` tells which. No byte behind a limit is ever
/// looked at: a verdict can't depend on how much of what follows has already arrived.
struct HeadScanner {
  // SAFETY: `base ..< base + end` is readable for the duration of the parse call that made this.
  let base: UnsafeRawPointer
  private(set) var end: Int
  var position = 0
  private(set) var failure = HTTP1Error.Kind.headTooLarge
  private(set) var failureOffset = 0
  private let headEnd: Int
  private let isAtHeadLimit: Bool
  private var isAtLineLimit = false

  /// - Parameters:
  ///   - base: first byte of the buffer.
  ///   - count: bytes in it.
  ///   - limit: bytes that a head may have.
  init(_ base: UnsafeRawPointer, count: Int, limit: Int) {
    let limit = min(limit, Int(UInt32.max))
    self.base = base
    headEnd = min(count, limit)
    end = headEnd
    isAtHeadLimit = count >= limit
  }

  /// The byte at an offset below `end`.
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { ByteScan.byte(base, offset) }

  /// Refuses the message.
  mutating func fail(_ kind: HTTP1Error.Kind, at offset: Int) -> ParseStep {
    failure = kind
    failureOffset = offset
    return .failed
  }

  /// The bytes ended before the head did.
  mutating func ranOut() -> ParseStep {
    if isAtLineLimit { return fail(.requestLineTooLong, at: end) }
    return isAtHeadLimit ? fail(.headTooLarge, at: end) : .needMore
  }

  /// Bounds the line that begins at `position`, until `leaveLine`.
  ///
  /// - Parameter limit: bytes that it may have without its CRLF.
  mutating func enterLine(limit: Int) {
    guard headEnd &- position &- 2 >= limit else { return }
    end = position &+ limit &+ 2
    isAtLineLimit = true
  }

  /// Lifts the bound of `enterLine`.
  mutating func leaveLine() {
    end = headEnd
    isAtLineLimit = false
  }

  /// Consumes the CRLF that must be at `position`.
  ///
  /// - Parameter kind: the failure if another byte than CR or LF is there.
  @inline(__always)
  mutating func lineEnd(else kind: HTTP1Error.Kind) -> ParseStep {
    if end &- position >= 2, ByteScan.isCRLF(base, position) {
      position &+= 2
      return .done
    }
    return incompleteLineEnd(else: kind)
  }

  private mutating func incompleteLineEnd(else kind: HTTP1Error.Kind) -> ParseStep {
    guard position < end else { return ranOut() }
    switch byte(position) {
    // RFC 9112 section 2.2 lets a recipient take a bare LF for a line end; peers that disagree
    // about it are how requests are smuggled, so we don't.
    case ByteClass.lineFeed: return fail(.bareLineFeed, at: position)
    case ByteClass.carriageReturn:
      guard position &+ 1 < end else { return ranOut() }
      return fail(.bareCarriageReturn, at: position)
    default: return fail(kind, at: position)
    }
  }
}
