import Glibc
import OAIRHTTP1
import OAIRWire

// The response's payload on its way through: bytes are never changed, but they are only passed on
// up to a point behind which nothing is half done. Sans-I/O; owned by the upstream connection.
//
//   bytes of a read:  |──────── whole events, with their chunk framing ────────|── begun event ──|
//                     0                                                   passable         count
//
// What lies behind `passable` is presented again, in front of the next read.

/// Follows the framing and the events of one response body.
///
/// Ordered so that what each piece needs lies together, and without gaps.
struct ResponseBody: ~Copyable {
  /// Bytes of the buffer, from its start, that were looked at already.
  private(set) var scanned = 0
  /// Bytes of the buffer, from its start, that may be passed on.
  private(set) var passable = 0
  /// How the upstream frames it.
  let framing: MessageFraming
  /// The payload alone goes on, without chunk framing (HTTP/1.0 clients).
  private let unframes: Bool
  /// The payload goes on in chunks of ours: the client was promised chunks before this backend,
  /// which sends none, took over.
  var isReframed = false
  private let isWatched: Bool
  private var isBehindLastChunk = false
  /// `passable` stands in the middle of an event that was too long to be held.
  private(set) var isMidEvent = false
  /// Where the chunk framing stands at `passable`.
  private(set) var openChunk = OpenChunk.none
  private(set) var outcome = Outcome.more
  private var decoder: ChunkedDecoder
  private var observer: EventObserver
  private var remaining: Int

  /// What is known of the body's end.
  enum Outcome: Equatable {
    /// It goes on.
    case more
    /// It is whole; so many bytes behind it belong to nobody.
    case ended(excess: Int)
    /// Its framing is broken.
    case malformed
  }

  /// Where chunk framing stands at a point of the payload.
  enum OpenChunk: Equatable {
    /// Between two chunks, or the body isn't chunked.
    case none
    /// The chunk's payload is complete, its CRLF isn't out.
    case owesEnd
    /// So many payload bytes are still owed.
    case owes(Int)
  }

  init(
    framing: MessageFraming,
    family: WireFamily,
    isWatched: Bool,
    unframes: Bool,
    limits: HTTP1Limits
  ) {
    self.framing = framing
    self.unframes = unframes && framing == .chunked
    self.isWatched = isWatched
    decoder = ChunkedDecoder(limits: limits, isResponse: true)
    remaining = if case .length(let length) = framing { length } else { 0 }
    observer = EventObserver(family: isWatched ? family : .opaque)
    if framing == .none || framing == .length(0) { outcome = .ended(excess: 0) }
  }

  /// Another response's body comes on its connection.
  mutating func renew(
    framing: MessageFraming,
    family: WireFamily,
    isWatched: Bool,
    unframes: Bool,
    limits: HTTP1Limits
  ) {
    // Taken away first, so that the new one is made where it lies, and not elsewhere and moved.
    _ = consume self
    self = ResponseBody(
      framing: framing,
      family: family,
      isWatched: isWatched,
      unframes: unframes,
      limits: limits
    )
  }

  /// There is nothing to wait for any more: a content event has come (or one that isn't known to
  /// carry none), the end, or an error.
  var hasContent: Bool {
    !isWatched || observer.hasContent || observer.hasEndMarker || observer.hasError
  }
  /// An error came instead of content, and it isn't one that says that the request is at fault.
  var hasRejection: Bool {
    guard isWatched, observer.hasErrorBeforeContent else { return false }
    guard let status = observer.errorStatus, (400...499).contains(status) else { return true }
    return status == 429
  }
  /// An event with an error has come, before content or after it.
  var hasErrorEvent: Bool { isWatched && observer.hasError }
  /// The event that ends the stream has come.
  var hasEndMarker: Bool { isWatched && observer.hasEndMarker }
  /// How many events with content have come.
  var contentEventCount: Int { isWatched ? observer.contentEventCount : 0 }
  /// Tokens of the prompt, where the stream has said so.
  var inputTokens: Int? { isWatched ? observer.inputTokens : nil }
  /// Tokens generated, where the stream has said so.
  var outputTokens: Int? { isWatched ? observer.outputTokens : nil }
  /// How many events have come.
  var eventCount: Int { isWatched ? observer.eventCount : 0 }
  /// Its events are known, so that a cut can be told to the client.
  var isWatchedStream: Bool { isWatched }

  /// Content is on its way to the client: from here on only boundaries and the end are looked for.
  mutating func commit() { observer.commit() }

  /// Looks at what is new.
  ///
  /// - Parameter bytes: what was presented before and not dropped, then what is new.
  /// - Returns: how many bytes of the buffer are meaningful (fewer than came, when framing was
  ///   taken out).
  mutating func scan(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
    guard outcome == .more else {
      if case .ended(let excess) = outcome { outcome = .ended(excess: excess + bytes.count) }
      return scanned
    }
    switch framing {
    case .chunked: return scanChunks(bytes)
    case .length: scanLength(UnsafeRawBufferPointer(bytes))
    case .untilClose: scanToEnd(UnsafeRawBufferPointer(bytes))
    case .none: outcome = .ended(excess: bytes.count)
    }
    return bytes.count
  }

  /// Forgets the front of the buffer, which went to the client.
  mutating func drop(_ count: Int) {
    precondition(count <= passable, "bytes dropped that didn't pass")
    scanned -= count
    passable -= count
  }

  /// An event is longer than may be held: what was looked at passes as it comes.
  mutating func passWhatWasScanned() {
    guard passable < scanned else { return }
    passable = scanned
    let isBetweenChunks = decoder.isBetweenChunks || isBehindLastChunk
    openChunk = isBetweenChunks ? .none : chunkState(owed: decoder.openChunkRemaining)
    isMidEvent = isWatched && !observer.isAtBoundary
  }

  /// The upstream has closed.
  ///
  /// Only a body without a length may end so, and a stream with an end marker only behind it.
  mutating func upstreamClosed() -> Bool {
    guard framing == .untilClose, outcome == .more else { return false }
    guard !isWatched || observer.hasEndMarker else { return false }
    passWhatWasScanned()
    outcome = .ended(excess: 0)
    return true
  }

  /// Where a body stood before something new was looked at.
  struct Mark {
    fileprivate let scanned: Int
    fileprivate let eventCount: Int
    fileprivate let isClean: Bool
  }

  /// Where the body stands now.
  var mark: Mark {
    Mark(scanned: scanned, eventCount: observer.eventCount, isClean: isBetweenPieces)
  }

  /// Whether more than comments has come since a mark.
  func hasAdvanced(since mark: Mark) -> Bool {
    !isWatched || !observer.isAtBoundary || observer.eventCount != mark.eventCount
  }

  private var isBetweenPieces: Bool {
    observer.isAtBoundary && (framing != .chunked || unframes || decoder.isBetweenChunks)
  }

  /// What came since a mark, if it is nothing but whole comments in whole chunks: they may pass
  /// although what came before them waits.
  ///
  /// - Returns: where they stand in the buffer.
  func comments(since mark: Mark) -> Range<Int>? {
    guard mark.isClean, isBetweenPieces, observer.eventCount == mark.eventCount,
      outcome == .more, scanned > mark.scanned
    else { return nil }
    return mark.scanned..<scanned
  }

  /// Takes such comments out of the buffer; the caller closes the gap.
  mutating func takeComments(_ range: Range<Int>) {
    scanned -= range.count
    if passable > range.upperBound {
      passable -= range.count
    } else if passable >= range.lowerBound {
      passable = range.lowerBound
      openChunk = .none
    }
  }

  // MARK: Framings

  private mutating func scanLength(_ bytes: UnsafeRawBufferPointer) {
    let available = min(bytes.count - scanned, remaining)
    remaining -= available
    observe(bytes, scanned..<(scanned + available), owedBehind: 0)
    scanned += available
    guard remaining == 0 else { return }
    passable = scanned
    isMidEvent = false
    outcome = .ended(excess: bytes.count - scanned)
  }

  private mutating func scanToEnd(_ bytes: UnsafeRawBufferPointer) {
    observe(bytes, scanned..<bytes.count, owedBehind: 0)
    scanned = bytes.count
  }

  private mutating func scanChunks(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
    let input = UnsafeRawBufferPointer(bytes)
    var read = scanned
    // What stays in the buffer ends here; both move together unless framing is taken out.
    var kept = scanned
    while true {
      let start = read
      switch decoder.next(input, at: &read) {
      case .payload(let range):
        Self.keep(bytes, (unframes ? range.lowerBound : start)..<range.upperBound, at: &kept)
        observe(input, (kept - range.count)..<kept, owedBehind: decoder.openChunkRemaining)
      case .lastChunk(let position):
        // The last chunk and the trailers are taken out: the end is ours to write, or not.
        if !unframes { Self.keep(bytes, start..<position, at: &kept) }
        isBehindLastChunk = true
        // An event that isn't whole waits for the end of the trailers: until then the body can
        // still break, and the error frame must not begin in the middle of a line.
        if !isWatched || isMidEvent || observer.isAtBoundary { pass(upTo: kept) }
      case .needMore:
        if !unframes, !isBehindLastChunk {
          Self.keep(bytes, start..<read, at: &kept)
          passChunkEnd(upTo: kept)
        }
        scanned = kept
        Self.keep(bytes, read..<bytes.count, at: &kept)
        return kept
      case .end:
        pass(upTo: kept)
        isMidEvent = false
        scanned = kept
        outcome = .ended(excess: bytes.count - read)
        return kept
      case .failed:
        scanned = kept
        outcome = .malformed
        return kept
      }
    }
  }

  /// A chunk's CRLF belongs to what was passed before it: a chunk isn't left open for nothing.
  private mutating func passChunkEnd(upTo end: Int) {
    // A later chunk may have ended here without ending an event: only these two bytes may pass.
    guard decoder.isBetweenChunks, openChunk == .owesEnd, end == passable &+ 2 else { return }
    pass(upTo: end)
  }

  /// What may pass ends between two chunks.
  private mutating func pass(upTo end: Int) {
    passable = end
    openChunk = .none
  }

  private static func keep(
    _ bytes: UnsafeMutableRawBufferPointer,
    _ range: Range<Int>,
    at kept: inout Int
  ) {
    if kept != range.lowerBound, let base = bytes.baseAddress {
      // SAFETY: both ranges lie in `bytes`, as kept never overtakes what was read.
      memmove(base + kept, base + range.lowerBound, range.count)
    }
    kept += range.count
  }

  private mutating func observe(
    _ bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>,
    owedBehind: Int
  ) {
    guard isWatched else {
      passable = range.upperBound
      openChunk = chunkState(owed: owedBehind)
      return
    }
    if let boundary = observer.observe(UnsafeRawBufferPointer(rebasing: bytes[range])) {
      passable = range.lowerBound + boundary
      openChunk = chunkState(owed: range.upperBound - passable + owedBehind)
      isMidEvent = false
    } else if isMidEvent {
      passable = range.upperBound
      openChunk = chunkState(owed: owedBehind)
    }
  }

  private func chunkState(owed: Int) -> OpenChunk {
    guard framing == .chunked, !unframes else { return .none }
    return owed == 0 ? .owesEnd : .owes(owed)
  }
}
