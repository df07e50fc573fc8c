import Glibc

// MultipartPeek owns the state of one scan over one form; the body itself stays the caller's. It
// runs on the reactor, like JSONPeek. Contents of parts, which are nearly all of such a body, are
// skipped from CR to CR.
//
//   preamble -> delimiter -> partHead -> partBody -> delimiter ... -> end

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
}

/// A resumable scan of a `multipart/form-data` body (RFC 7578) for its parts `model` and `stream`.
public struct MultipartPeek: Sendable {
  /// Longest head of a part, in bytes.
  public static let partHeadLimit = 16 << 10

  private enum Phase { case preamble, delimiter, partHead, partBody, end }
  private enum Part { case other, model, stream }

  /// CRLF, two hyphens, the boundary.
  private let mark: [UInt8]
  private var phase = Phase.preamble
  private var part = Part.other
  /// Where what is looked at begins.
  private var start = 0
  /// The mark doesn't begin before this.
  private var searched = 0

  /// Where the model's name is; the last one's, if equal ones are repeated.
  public private(set) var modelRange: Range<Int>?
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
    if isComplete, error == nil, phase != .end, modelRange == nil {
      error = .broken(offset: body.count)
    }
  }

  /// - Returns: false when more bytes are needed, or none.
  private mutating func takeStep(_ body: UnsafeRawBufferPointer) -> Bool {
    switch phase {
    case .preamble: return takePreamble(body)
    case .delimiter: return takeDelimiterEnd(body)
    case .partHead: return takePartHead(body)
    case .partBody: return takePartBody(body)
    case .end: return false
    }
  }

  /// The first delimiter has no line before it, unless there is a preamble.
  private mutating func takePreamble(_ body: UnsafeRawBufferPointer) -> Bool {
    let first = mark.dropFirst(2)
    if searched == 0 {
      let common = min(body.count, first.count)
      if body[..<common].elementsEqual(first.prefix(common)) {
        guard common == first.count else { return false }
        return passMark(endingAt: common)
      }
    }
    guard let hit = find(body) else { return false }
    return passMark(endingAt: hit + mark.count)
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
    part = Self.part(UnsafeRawBufferPointer(rebasing: body[start..<hit]))
    start = hit + 4
    // The delimiter of an empty part begins with the CRLF that ends the head.
    searched = start - 2
    phase = .partBody
    return true
  }

  private mutating func takePartBody(_ body: UnsafeRawBufferPointer) -> Bool {
    guard let hit = find(body) else {
      if part == .model, body.count - start > JSONPeek.modelLimit + mark.count {
        return fail(.modelTooLong(offset: start))
      }
      return false
    }
    let content = start..<max(start, hit)
    switch part {
    case .other: break
    case .model:
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
    if let modelRange, !body[modelRange].elementsEqual(body[model]) {
      return .duplicateModel(offset: model.lowerBound)
    }
    modelRange = model
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

  // MARK: Part heads

  /// What a part is, by the name in its Content-Disposition (RFC 7578 section 4.2).
  private static func part(_ head: UnsafeRawBufferPointer) -> Part {
    for line in head.split(separator: Byte.lineFeed) {
      guard let colon = line.firstIndex(of: Byte.colon) else { continue }
      let name = line[..<colon]
      guard isDisposition(name) else { continue }
      var value = line[(colon + 1)...]
      if value.last == Byte.carriageReturn { value = value.dropLast() }
      var parameters = MIMEParameters(UnsafeRawBufferPointer(rebasing: value))
      while let parameter = parameters.next() {
        guard parameter.isNamed("name") else { continue }
        if parameter.value.elementsEqual("model".utf8) { return .model }
        return parameter.value.elementsEqual("stream".utf8) ? .stream : .other
      }
    }
    return .other
  }

  private static func isDisposition(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
    let wanted = "content-disposition".utf8
    return name.count == wanted.count && zip(name, wanted).allSatisfy { $0 | 0x20 == $1 | 0x20 }
  }
}
