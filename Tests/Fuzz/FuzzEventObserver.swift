// libFuzzer target: however a payload is cut into pieces, an observer sees the same in it.
//
// Input: a byte for the family and whether it is committed, two that choose the cuts, the payload.

#if canImport(OAIRWire)
  import OAIRWire
#endif

private struct Sighting: Equatable {
  var boundary = 0
  var flags: [Bool]
  var counts: [Int]
  var tokens: [Int?]
}

private func sighting(
  _ family: WireFamily,
  _ payload: [UInt8],
  isCommitted: Bool,
  cuts: some Sequence<Int>
) -> Sighting {
  var observer = EventObserver(family: family)
  if isCommitted { observer.commit() }
  var boundary = 0
  var start = 0
  for end in Array(cuts) + [payload.count] where end >= start {
    // A copy of exactly that length lets AddressSanitizer see a read outside of it.
    let piece = Array(payload[start..<end])
    let found = piece.withUnsafeBytes { observer.observe($0) }
    if let found {
      precondition((1...piece.count).contains(found))
      boundary = start + found
      if found == piece.count { precondition(observer.isAtBoundary) }
    }
    start = end
  }
  precondition(observer.contentEventCount <= observer.eventCount)
  precondition(observer.hasContent || observer.contentEventCount == 0)
  precondition(observer.hasError || !observer.hasErrorBeforeContent)
  precondition(observer.isAtBoundary == (boundary == payload.count))
  return Sighting(
    boundary: boundary,
    flags: [
      observer.isAtBoundary, observer.hasContent, observer.hasEndMarker, observer.hasError,
      observer.hasErrorBeforeContent,
    ],
    counts: [observer.eventCount, observer.contentEventCount, observer.commentCount],
    tokens: [observer.inputTokens, observer.outputTokens]
  )
}

/// Checks the properties for one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEventObserver(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  guard size >= 3 else { return 0 }
  let payload = Array(UnsafeBufferPointer(start: data + 3, count: size - 3))
  let family = WireFamily(rawValue: data[0] % 6) ?? .opaque
  // What is kept of a split line is bounded after commit: only shorter lines are judged alike.
  let isCommitted = data[0] & 0x80 != 0 && payload.count <= EventObserver.committedLineLimit
  let whole = sighting(family, payload, isCommitted: isCommitted, cuts: [])
  let cut = (Int(data[1]) << 8 | Int(data[2])) % (payload.count + 1)
  let once = sighting(family, payload, isCommitted: isCommitted, cuts: [cut])
  precondition(once == whole, "cut at \(cut)")
  let step = Int(data[2]) % 7 + 1
  let steps = stride(from: 0, through: payload.count, by: step)
  let often = sighting(family, payload, isCommitted: isCommitted, cuts: steps)
  precondition(often == whole, "in pieces of \(step)")
  return 0
}
