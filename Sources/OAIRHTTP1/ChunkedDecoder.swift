/// Decodes the chunked transfer coding (RFC 9112 section 7.1) by saying where payload lies.
///
/// Owns where in the coding a body stands, nothing of its bytes: a few words per body, held by the
/// connection that reads it. A size line, the CRLF behind a chunk and a trailer line are consumed
/// whole or not at all, so that a caller can pass the coding on at any boundary; it keeps what was
/// not consumed and presents it again with more bytes behind it.
///
///     sizeLine -> payload -> chunkEnd -+        any fault -> failed
///        ^  |                          |
///        |  +-- size 0 -> trailers -> ended
///        +-----------------------------+
public struct ChunkedDecoder: Sendable {
  /// What the next bytes are.
  public enum Step: Equatable, Sendable {
    /// Payload, as offsets into the bytes given; never empty.
    case payload(Range<Int>)
    /// The size line of the last chunk was consumed; it began at this offset.
    case lastChunk(at: Int)
    /// The body is complete.
    case end
    /// Nothing more can be told without further bytes.
    case needMore
    /// The coding is broken; every later call says so again.
    case failed(HTTP1Error)
  }

  private enum State: Equatable {
    case sizeLine, payload, chunkEnd, trailers, ended
    case failed(HTTP1Error.Kind)
  }

  private static var semicolon: UInt8 { 0x3B }

  // What every chunk needs stands first.
  private var state = State.sizeLine
  private let isResponse: Bool
  private var remaining = 0
  /// Bytes of extensions less bytes of payload, never below 0.
  private var excess = 0
  private var trailers = 0
  private let maximumExcess: Int
  private let maximumTrailers: Int

  /// Makes a decoder that stands before the first chunk.
  ///
  /// - Parameters:
  ///   - limits: `chunkExtensions` and `trailers` apply.
  ///   - isResponse: whether the body comes from an upstream, so that its faults have status 502.
  public init(limits: HTTP1Limits, isResponse: Bool = false) {
    maximumExcess = limits.chunkExtensions
    maximumTrailers = limits.trailers
    self.isResponse = isResponse
  }

  /// Payload bytes still owed by the chunk that is open; 0 between chunks.
  public var openChunkRemaining: Int { remaining }

  /// Whether the next byte on the wire begins a size line.
  public var isBetweenChunks: Bool { state == .sizeLine }

  /// Whether a chunk's payload is complete and its CRLF not yet seen.
  public var owesChunkEnd: Bool { state == .chunkEnd }

  /// Whether the body is complete.
  public var isEnded: Bool { state == .ended }

  /// Decodes the next piece.
  ///
  /// - Parameters:
  ///   - bytes: what was received; offsets count from its start.
  ///   - offset: where to go on, 0 ... `bytes.count`; advanced over what was consumed.
  /// - Returns: the next piece. `end` leaves the offset just behind the body.
  public mutating func next(_ bytes: UnsafeRawBufferPointer, at offset: inout Int) -> Step {
    precondition(offset >= 0 && offset <= bytes.count, "offset outside the bytes")
    if state == .ended { return .end }
    // SAFETY: every offset used below lies within offset ..< count of these bytes.
    guard let base = bytes.baseAddress else { return repeated(at: offset) }
    while true {
      switch state {
      case .sizeLine:
        // Where reads end as a rule.
        guard offset < bytes.count else { return .needMore }
        if let step = parseSizeLine(base, bytes.count, &offset) { return step }
      case .payload:
        let count = min(remaining, bytes.count &- offset)
        guard count > 0 else { return .needMore }
        return takePayload(count, &offset)
      case .chunkEnd:
        if let step = parseChunkEnd(base, bytes.count, &offset) { return step }
      case .trailers:
        if let step = parseTrailerLine(base, bytes.count, &offset) { return step }
      case .ended, .failed: return repeated(at: offset)
      }
    }
  }

  private mutating func takePayload(_ count: Int, _ offset: inout Int) -> Step {
    let start = offset
    offset &+= count
    remaining &-= count
    if remaining == 0 { state = .chunkEnd }
    return .payload(start..<offset)
  }

  private func repeated(at offset: Int) -> Step {
    switch state {
    case .ended: .end
    case .failed(let kind): .failed(HTTP1Error(kind, at: offset, isResponse: isResponse))
    default: .needMore
    }
  }

  private mutating func fail(_ kind: HTTP1Error.Kind, at offset: Int) -> Step {
    state = .failed(kind)
    remaining = 0
    return .failed(HTTP1Error(kind, at: offset, isResponse: isResponse))
  }

  // MARK: - Size lines

  /// `chunk-size [ chunk-ext ] CRLF`; nil if the next state has to go on.
  private mutating func parseSizeLine(
    _ base: UnsafeRawPointer,
    _ end: Int,
    _ offset: inout Int
  ) -> Step? {
    let start = offset
    var index = start
    var size: UInt64 = 0
    while index < end, let digit = ByteClass.hexValue(ByteScan.byte(base, index)) {
      // Sixteen digits fill 64 bits exactly; RFC 9112 section 7.1 warns of the overflow.
      guard index &- start < HTTP1Limits.chunkSizeDigits else {
        return fail(.chunkSizeOverflow, at: start)
      }
      size = size &<< 4 | UInt64(digit)
      index &+= 1
    }
    guard index < end else { return .needMore }
    // Also refuses a sign, `0x` and a line without any digit.
    guard index > start else { return fail(.invalidChunkSize, at: index) }
    guard size <= UInt64(Int.max) else { return fail(.chunkSizeOverflow, at: start) }
    let extensionStart = index
    if ByteScan.byte(base, index) != ByteClass.carriageReturn,
      let step = parseExtensions(base, end, &index)
    {
      return step
    }
    let fault: HTTP1Error.Kind =
      index == extensionStart ? .invalidChunkSize : .invalidChunkExtension
    if let step = parseLineEnd(base, end, &index, else: fault) { return step }
    let extensions = index &- 2 &- extensionStart
    return open(Int(size), extensions: extensions, from: start, to: index, &offset)
  }

  private mutating func open(
    _ size: Int,
    extensions: Int,
    from start: Int,
    to end: Int,
    _ offset: inout Int
  ) -> Step? {
    excess = max(0, excess &+ extensions &- size)
    offset = end
    remaining = size
    state = size == 0 ? .trailers : .payload
    return size == 0 ? .lastChunk(at: start) : nil
  }

  /// Moves over `*( BWS ";" … )` (RFC 9112 section 7.1.1) without reading it; there is something.
  ///
  /// Extensions are dropped; only what bytes they hold and how many matters. A line that is
  /// presented again is scanned again, which its bound keeps harmless.
  private mutating func parseExtensions(
    _ base: UnsafeRawPointer,
    _ end: Int,
    _ index: inout Int
  ) -> Step? {
    let start = index
    // No byte behind the bound is looked at but the first, which must end the line: so that the
    // verdict is the same however much of the line has arrived.
    let bound = min(end, start &+ (maximumExcess &- excess))
    while index < bound, ByteClass.isBlank(ByteScan.byte(base, index)) { index &+= 1 }
    guard index < end else { return .needMore }
    let first = ByteScan.byte(base, index)
    guard first == Self.semicolon || (index == bound && ByteClass.isBlank(first)) else {
      let isBareLF = first == ByteClass.lineFeed
      return fail(isBareLF ? .bareLineFeed : .invalidChunkSize, at: index)
    }
    index = ByteScan.firstControl(base, index, bound)
    guard index == bound else { return nil }
    guard index < end else { return .needMore }
    return ByteClass.isControl(ByteScan.byte(base, index))
      ? nil : fail(.chunkExtensionsTooLarge, at: index)
  }

  // MARK: - Line ends and trailers

  private mutating func parseChunkEnd(
    _ base: UnsafeRawPointer,
    _ end: Int,
    _ offset: inout Int
  ) -> Step? {
    if let step = parseLineEnd(base, end, &offset, else: .missingChunkEnd) { return step }
    state = .sizeLine
    return nil
  }

  /// Moves over a CRLF; the index stays where it is if that isn't whole yet.
  private mutating func parseLineEnd(
    _ base: UnsafeRawPointer,
    _ end: Int,
    _ index: inout Int,
    else kind: HTTP1Error.Kind
  ) -> Step? {
    guard index < end else { return .needMore }
    let first = ByteScan.byte(base, index)
    guard first == ByteClass.carriageReturn else {
      return fail(first == ByteClass.lineFeed ? .bareLineFeed : kind, at: index)
    }
    guard index &+ 1 < end else { return .needMore }
    guard ByteScan.byte(base, index &+ 1) == ByteClass.lineFeed else {
      return fail(.bareCarriageReturn, at: index)
    }
    index &+= 2
    return nil
  }

  /// One line of the trailer section (RFC 9112 section 7.1.2), checked as a field line and dropped;
  /// or the empty line that ends the body.
  private mutating func parseTrailerLine(
    _ base: UnsafeRawPointer,
    _ end: Int,
    _ offset: inout Int
  ) -> Step? {
    guard offset < end else { return .needMore }
    var index = offset
    if ByteScan.byte(base, index) == ByteClass.carriageReturn {
      if let step = parseLineEnd(base, end, &index, else: .invalidFieldName) { return step }
      offset = index
      state = .ended
      return .end
    }
    // As for extensions: nothing behind the bound matters but the byte that must end the line.
    let bound = min(end, offset &+ max(0, maximumTrailers &- trailers &- 2))
    index = ByteScan.endOfToken(base, index, bound)
    guard index < end else { return .needMore }
    let nameEnd = ByteScan.byte(base, index)
    if index == bound && (nameEnd == ByteClass.colon || ByteClass.isToken(nameEnd)) {
      return fail(.trailersTooLarge, at: index)
    }
    guard nameEnd == ByteClass.colon && index > offset else {
      return fail(trailerFault(nameEnd, isFirst: index == offset), at: index)
    }
    index = ByteScan.firstControl(base, index, bound)
    if index == bound {
      guard index < end else { return .needMore }
      guard ByteClass.isControl(ByteScan.byte(base, index)) else {
        return fail(.trailersTooLarge, at: index)
      }
    }
    if let step = parseLineEnd(base, end, &index, else: .invalidFieldValue) { return step }
    trailers &+= index &- offset
    offset = index
    return nil
  }

  private func trailerFault(_ byte: UInt8, isFirst: Bool) -> HTTP1Error.Kind {
    if byte == ByteClass.lineFeed { return .bareLineFeed }
    guard ByteClass.isBlank(byte) else { return .invalidFieldName }
    return isFirst ? .foldedLine : .whitespaceBeforeColon
  }
}
