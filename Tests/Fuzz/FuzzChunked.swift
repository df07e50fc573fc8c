// Fuzzes the decoder of the chunked coding with libFuzzer. Input: a byte that chooses the length of
// the reads, one that chooses the limits, then the body.

#if canImport(OAIRHTTP1)
  import OAIRHTTP1
#endif

/// Ends the run with a message if a property does not hold.
private func require(_ holds: Bool, _ property: StaticString) {
  guard holds else { fatalError("broken: \(property)") }
}

/// Calls with a copy of its own of some bytes, so that the sanitizer sees a read behind them.
private func withCopy<Result>(
  _ bytes: Slice<UnsafeRawBufferPointer>,
  _ body: (UnsafeRawBufferPointer) -> Result
) -> Result {
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  defer { copy.deallocate() }
  copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes))
  return body(UnsafeRawBufferPointer(copy))
}

private struct Decoded: Equatable {
  var payload: [UInt8] = []
  var lastChunk: Int?
  var length: Int?
  var failure: HTTP1Error.Kind?

  var isDone: Bool { length != nil || failure != nil }
}

/// Decodes in reads of a length; what the decoder leaves is presented again.
private func decode(
  _ bytes: UnsafeRawBufferPointer,
  readLength: Int,
  _ limits: HTTP1Limits
) -> Decoded {
  var decoder = ChunkedDecoder(limits: limits)
  var decoded = Decoded()
  var consumed = 0
  var end = 0
  while end < bytes.count && !decoded.isDone {
    end = min(end + readLength, bytes.count)
    consumed += withCopy(bytes[consumed..<end]) { part in
      read(part, &decoder, &decoded, at: consumed)
    }
    require(decoder.openChunkRemaining >= 0, "nothing is owed below zero")
    require(!decoder.isBetweenChunks || decoder.openChunkRemaining == 0, "no chunk is open between")
  }
  return decoded
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
    require(offset >= before && offset <= part.count, "an offset moves forward within the bytes")
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

/// libFuzzer's entry.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChunked(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  guard size >= 2 else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: data + 2, count: size - 2)
  var limits = HTTP1Limits()
  if data[1] & 1 != 0 { limits.chunkExtensions = Int(data[1]) / 4 }
  if data[1] & 2 != 0 { limits.trailers = Int(data[1]) / 4 }
  let whole = decode(bytes, readLength: max(bytes.count, 1), limits)
  let split = decode(bytes, readLength: Int(data[0]) + 1, limits)
  require(split == whole, "how a body is cut into reads does not matter")
  let trickled = decode(bytes, readLength: 1, limits)
  require(trickled == whole, "byte by byte gives the same")
  if let length = whole.length {
    require(whole.payload.count < length, "payload is shorter than its coding")
    let exact = UnsafeRawBufferPointer(rebasing: bytes[..<length])
    require(decode(exact, readLength: length, limits) == whole, "what follows does not matter")
  }
  return 0
}
