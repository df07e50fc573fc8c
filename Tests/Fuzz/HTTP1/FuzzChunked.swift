import OAIRHTTP1

/// The decoder of the chunked coding.
///
/// Input: a byte that chooses the length of the reads, one that chooses the limits, then the body.
struct FuzzChunked {
  static var target: FuzzTarget {
    FuzzTarget("chunked") { input, memory in
      guard input.count >= 2 else { return }
      let run = FuzzChunked(bytes: Array(input.dropFirst(2)), options: input[1], memory: memory)
      run.check(readLength: Int(input[0]) + 1)
    }
  }

  private struct Decoded: Equatable {
    var payload: [UInt8] = []
    var lastChunk: Int?
    var length: Int?
    var failure: HTTP1Error.Kind?

    var isDone: Bool { length != nil || failure != nil }
  }

  private let bytes: [UInt8]
  private let memory: GuardedCopy
  private var limits = HTTP1Limits()
  private let isUnlimited: Bool

  private init(bytes: [UInt8], options: UInt8, memory: GuardedCopy) {
    self.bytes = bytes
    self.memory = memory
    if options & 1 != 0 { limits.chunkExtensions = Int(options) / 4 }
    if options & 2 != 0 { limits.trailers = Int(options) / 4 }
    isUnlimited = options & 3 == 0 && bytes.count <= ReferenceChunks.sizeLimit
  }

  /// Decodes in reads of a length; what the decoder leaves is presented again.
  private func decode(_ bytes: [UInt8], readLength: Int) -> Decoded {
    var decoder = ChunkedDecoder(limits: limits)
    var decoded = Decoded()
    var consumed = 0
    var end = 0
    while end < bytes.count && !decoded.isDone {
      end = min(end + readLength, bytes.count)
      consumed += memory.with(planted(bytes[consumed..<end])) { part in
        read(part, &decoder, &decoded, at: consumed)
      }
      require(decoder.openChunkRemaining >= 0, "nothing is owed below zero")
      require(
        !decoder.isBetweenChunks || decoder.openChunkRemaining == 0,
        "no chunk is open between"
      )
    }
    return decoded
  }

  /// The bytes, but for a bug that is made on purpose: a size may have a sign.
  private func planted(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    #if PLANTED_BUG
      var part = part
      if part.first == 43 { part[part.startIndex] = 48 }
    #endif
    return part
  }

  /// Decodes one read as far as it goes and tells how many bytes were consumed.
  private func read(
    _ part: UnsafeRawBufferPointer,
    _ decoder: inout ChunkedDecoder,
    _ decoded: inout Decoded,
    at consumed: Int
  ) -> Int {
    var offset = 0
    while true {
      let before = offset
      let step = decoder.next(part, at: &offset)
      require(offset >= before && offset <= part.count, "an offset moves forward")
      switch step {
      case .payload(let range):
        require(!range.isEmpty && range.lowerBound >= before, "payload comes in order")
        require(range.upperBound == offset, "payload ends where the offset stands")
        decoded.payload += part[range]
      case .lastChunk(let start):
        require(decoded.lastChunk == nil, "there is one last chunk")
        require(start >= before && start < offset, "the last chunk's line was consumed")
        decoded.lastChunk = consumed + start
      case .end:
        require(decoded.lastChunk != nil, "a body ends behind its last chunk")
        decoded.length = consumed + offset
        return offset
      case .failed(let error):
        require(error.offset >= 0 && error.offset <= part.count, "a failure lies within the bytes")
        decoded.failure = error.kind
        return offset
      case .needMore: return offset
      }
    }
  }

  private func check(readLength: Int) {
    let whole = decode(bytes, readLength: max(bytes.count, 1))
    let split = decode(bytes, readLength: readLength)
    require(split == whole, "how a body is cut into reads does not matter")
    let trickled = decode(bytes, readLength: 1)
    require(trickled == whole, "byte by byte gives the same")
    if isUnlimited { checkReference(whole) }
    if let length = whole.length {
      require(whole.payload.count < length, "payload is shorter than its coding")
      let exact = Array(bytes[..<length])
      require(decode(exact, readLength: length) == whole, "what follows does not matter")
    }
  }

  private func checkReference(_ decoded: Decoded) {
    let reference = ReferenceChunks(bytes)
    require(reference.payload == decoded.payload, "the reference reads the same payload")
    switch reference.verdict {
    case .incomplete: require(!decoded.isDone, "the reference waits for more")
    case .refused: require(decoded.failure != nil, "the reference refuses it")
    case .complete:
      require(decoded.length == reference.length, "the reference ends at \(reference.length)")
    }
  }
}
