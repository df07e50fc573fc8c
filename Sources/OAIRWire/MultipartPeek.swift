import Glibc

// MultipartPeek owns the state of one scan over one form; the body itself stays the caller's. It
// runs on the reactor, like JSONPeek. Contents of parts, which are nearly all of such a body, are
// skipped from CR to CR.
//
//   start -> delimiter -> partHead -> partBody -> delimiter ... -> end

/// Why a form can't be routed.
///
/// Offsets are in bytes from the body's start.
public enum MultipartPeekError: Error, Equatable, Sendable {
  /// It breaks the grammar of RFC 2046 section 5.1.1, or ends before its model was found.
  case broken(offset: Int)
  /// A second part `model` differs from the first: where its content begins.
  case duplicateModel(offset: Int)
  /// The model's name has more than `JSONPeek.modelLimit` bytes: where it begins.
  case modelTooLong(offset: Int)
  /// The head of a part isn't read alike by all backends: where it begins.
  case ambiguousPart(offset: Int)
  /// The only part `model` is named in another case, such as `Model`: where its content begins.
  case misspelledModel(offset: Int)

  /// The same, so many bytes further on.
  fileprivate func moved(by count: Int) -> Self {
    switch self {
    case .broken(let offset): .broken(offset: offset + count)
    case .duplicateModel(let offset): .duplicateModel(offset: offset + count)
    case .modelTooLong(let offset): .modelTooLong(offset: offset + count)
    case .ambiguousPart(let offset): .ambiguousPart(offset: offset + count)
    case .misspelledModel(let offset): .misspelledModel(offset: offset + count)
    }
  }
}

/// A resumable scan of a `multipart/form-data` body (RFC 7578) for its parts `model` and `stream`.
///
/// It begins with its boundary: what stands before that, a form's reader skips, and a reader that
/// doesn't heed the `Content-Type` may take it for the body.
public struct MultipartPeek: Sendable {
  /// Longest head of a part, in bytes.
  public static let partHeadLimit = 16 << 10

  private enum Phase { case start, delimiter, partHead, partBody, end }

  /// CRLF, two hyphens, the boundary.
  private let mark: [UInt8]
  private var phase = Phase.start
  private var part = MultipartPartHead.other
  /// Where what is looked at begins.
  private var start = 0
  /// The mark doesn't begin before this.
  private var searched = 0

  /// How much of the body lies before what is shown, once it isn't kept.
  private var origin = 0
  /// The model's name, once the body isn't kept.
  private var keptModel: [UInt8]?
  /// Where the content of a `model` in other case is.
  private var otherCaseRange: Range<Int>?

  /// Where the model's name is; the last one's, if equal ones are repeated.
  public private(set) var modelRange: Range<Int>?
  /// Whether the model is named more than once, always alike.
  public private(set) var isModelRepeated = false
  /// The part `stream`, where it is `true` or `false`.
  public private(set) var stream: Bool?
  /// What is wrong with the body.
  ///
  /// Once set, it stays, and nothing more is scanned.
  public private(set) var error: MultipartPeekError?

  /// A scan that has seen nothing.
  ///
  /// - Parameter boundary: 1…70 bytes, as `MultipartBoundary.find` returns it.
  public init(boundary: [UInt8]) {
    precondition((1...MultipartBoundary.limit).contains(boundary.count))
    mark = Array("\r\n--".utf8) + boundary
  }

  /// Whether the last delimiter has been seen; whatever follows it means nothing.
  public var isFinished: Bool { phase == .end }

  /// Scans what is new since the last call.
  ///
  /// - Parameters:
  ///   - body: the body so far, from its first byte on; it only ever grows between calls, and may
  ///     lie elsewhere in memory each time.
  ///   - isComplete: nothing will follow.
  public mutating func scan(_ body: UnsafeRawBufferPointer, isComplete: Bool) {
    while error == nil, takeStep(body) {}
    if isComplete { end(at: body.count) }
  }

  /// Nothing follows: what has come behind the model may lack its end, if it isn't one more.
  private mutating func end(at count: Int) {
    guard error == nil else { return }
    let isCut = phase == .partBody && part.namesModel
    if phase != .end, isCut || modelRange == nil {
      error = .broken(offset: count)
    } else if modelRange == nil, let otherCaseRange {
      error = .misspelledModel(offset: otherCaseRange.lowerBound)
    }
  }

  /// - Returns: false when more bytes are needed, or none.
  private mutating func takeStep(_ body: UnsafeRawBufferPointer) -> Bool {
    switch phase {
    case .start: return takeStart(body)
    case .delimiter: return takeDelimiterEnd(body)
    case .partHead: return takePartHead(body)
    case .partBody: return takePartBody(body)
    case .end: return false
    }
  }

  /// The first delimiter: the CRLF that belongs to it may be missing, as it nearly always is.
  private mutating func takeStart(_ body: UnsafeRawBufferPointer) -> Bool {
    guard let byte = body.first else { return false }
    let first = byte == Byte.carriageReturn ? mark[...] : mark.dropFirst(2)
    for (index, wanted) in zip(0..<body.count, first) where body[index] != wanted {
      return fail(.broken(offset: index))
    }
    return body.count < first.count ? false : passMark(endingAt: first.count)
  }

  private mutating func passMark(endingAt end: Int) -> Bool {
    start = end
    phase = .delimiter
    return true
  }

  /// Behind the boundary: two hyphens, or blanks and the end of the line.
  private mutating func takeDelimiterEnd(_ body: UnsafeRawBufferPointer) -> Bool {
    guard body.count >= start + 2 else { return false }
    if body[start] == Byte.minus, body[start + 1] == Byte.minus {
      phase = .end
      return false
    }
    var end = start
    while end < body.count, body[end] == Byte.space || body[end] == Byte.tab { end += 1 }
    guard end - start <= Self.partHeadLimit else { return fail(.broken(offset: end)) }
    guard end < body.count else { return false }
    guard body[end] == Byte.carriageReturn else { return fail(.broken(offset: end)) }
    guard end + 1 < body.count else { return false }
    guard body[end + 1] == Byte.lineFeed else { return fail(.broken(offset: end + 1)) }
    // The head's end is looked for from here on: a part without fields has nothing else.
    start = end
    searched = end
    phase = .partHead
    return true
  }

  private mutating func takePartHead(_ body: UnsafeRawBufferPointer) -> Bool {
    let end: StaticString = "\r\n\r\n"
    guard let hit = Self.find(end.utf8Start, 4, in: body, from: searched) else {
      guard body.count - start <= Self.partHeadLimit else {
        return fail(.broken(offset: start))
      }
      searched = max(start, body.count - 3)
      return false
    }
    guard hit - start <= Self.partHeadLimit else { return fail(.broken(offset: start)) }
    part = MultipartPartHead.read(UnsafeRawBufferPointer(rebasing: body[start..<hit]))
    if part == .ambiguous { return fail(.ambiguousPart(offset: start + 2)) }
    start = hit + 4
    // The delimiter of an empty part begins with the CRLF that ends the head.
    searched = start - 2
    phase = .partBody
    return true
  }

  private mutating func takePartBody(_ body: UnsafeRawBufferPointer) -> Bool {
    guard let hit = find(body) else {
      if part.namesModel, body.count - start > JSONPeek.modelLimit + mark.count {
        return fail(.modelTooLong(offset: start))
      }
      return false
    }
    let content = start..<max(start, hit)
    switch part {
    case .other, .ambiguous: break
    case .model, .modelInOtherCase:
      if let problem = take(model: content, body) { return fail(problem) }
    case .stream:
      let text = UnsafeRawBufferPointer(rebasing: body[content])
      if text.elementsEqual("true".utf8) { stream = true }
      if text.elementsEqual("false".utf8) { stream = false }
    }
    return passMark(endingAt: hit + mark.count)
  }

  private mutating func take(
    model: Range<Int>,
    _ body: UnsafeRawBufferPointer
  ) -> MultipartPeekError? {
    guard model.count <= JSONPeek.modelLimit else {
      return .modelTooLong(offset: model.lowerBound)
    }
    let former = (modelRange ?? otherCaseRange).map { keptModel ?? Array(body[$0]) }
    if let former {
      guard body[model].elementsEqual(former) else {
        return .duplicateModel(offset: model.lowerBound)
      }
      isModelRepeated = true
    }
    if part == .model { modelRange = model } else { otherCaseRange = model }
    return nil
  }

  private mutating func fail(_ problem: MultipartPeekError) -> Bool {
    error = problem
    return false
  }

  // MARK: Searching

  /// Where the next mark begins.
  private mutating func find(_ body: UnsafeRawBufferPointer) -> Int? {
    let hit = mark.withUnsafeBufferPointer { mark in
      mark.baseAddress.flatMap { Self.find($0, mark.count, in: body, from: searched) }
    }
    if hit == nil { searched = max(searched, body.count - mark.count + 1) }
    return hit
  }

  /// Where a needle that begins with CR stands.
  private static func find(
    _ needle: UnsafePointer<UInt8>,
    _ count: Int,
    in body: UnsafeRawBufferPointer,
    from start: Int
  ) -> Int? {
    guard let base = body.baseAddress else { return nil }
    // SAFETY: rebinding to bytes is always allowed; offsets stay below body.count.
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    var index = start
    while index &+ count <= body.count {
      index = bytes.offset(of: Byte.carriageReturn, from: index, to: body.count)
      guard index &+ count <= body.count else { return nil }
      if memcmp(bytes + index, needle, count) == 0 { return index }
      index &+= 1
    }
    return nil
  }
}

// MARK: Pieces

extension MultipartPeek: PieceScanner {
  package var isBroken: Bool { error != nil }

  package mutating func beginPieces(_ body: UnsafeRawBufferPointer) {
    keptModel = modelRange.map { Array(body[$0]) }
  }

  package mutating func take(_ window: UnsafeRawBufferPointer) {
    // Where they stand in the body doesn't change any more.
    let (model, otherCase) = (modelRange, otherCaseRange)
    while error == nil, takeStep(window) {}
    (modelRange, otherCaseRange) = (model, otherCase)
    error = error?.moved(by: origin)
  }

  package mutating func settle(_ window: UnsafeRawBufferPointer) -> Int {
    switch phase {
    case .start: return 0
    case .delimiter, .partHead: return start
    case .partBody where part.namesModel: return min(start, searched)
    case .partBody:
      // No more of it than may be the beginning of a mark, but for the short value that counts.
      if part == .stream, window.count - start <= mark.count + 5 { return min(start, searched) }
      part = .other
      start = searched
      return searched
    case .end: return window.count
    }
  }

  package mutating func shift(by count: Int) {
    start -= count
    searched -= count
    origin += count
  }

  package mutating func endPieces(at count: Int) { end(at: count) }
}
