// libFuzzer target: however a form is cut into pieces, a scan of it finds the same.
//
// Input: one byte chooses the boundary, two the cuts, the rest is the body.

#if canImport(OAIRWire)
  import OAIRWire
#endif

private struct Findings: Equatable {
  var model: Range<Int>?
  var stream: Bool?
  var isFinished: Bool
  var error: MultipartPeekError?
}

/// Scans the beginnings of `body` of the given lengths, each a copy, then the whole.
private func findings(
  _ body: [UInt8],
  _ boundary: [UInt8],
  lengths: some Sequence<Int>
) -> Findings {
  var peek = MultipartPeek(boundary: boundary)
  for length in lengths {
    // A copy of exactly that length lets AddressSanitizer see a read behind its end.
    Array(body[..<length]).withUnsafeBytes { peek.scan($0, isComplete: false) }
  }
  body.withUnsafeBytes { peek.scan($0, isComplete: true) }
  if let range = peek.modelRange {
    precondition(range.lowerBound >= 0 && range.upperBound <= body.count)
    precondition(range.count <= JSONPeek.modelLimit, "a model has a bound")
  }
  if peek.error == nil {
    precondition(peek.isFinished || peek.modelRange != nil, "a form without error has an end")
  }
  return Findings(
    model: peek.modelRange,
    stream: peek.stream,
    isFinished: peek.isFinished,
    error: peek.error
  )
}

/// Checks the properties for one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipartPeek(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  guard size >= 3 else { return 0 }
  let body = Array(UnsafeBufferPointer(start: data + 3, count: size - 3))
  let boundary = Array((data[0] & 1 == 0 ? "b" : "----Boundary").utf8)
  let whole = findings(body, boundary, lengths: [])
  let cut = (Int(data[1]) << 8 | Int(data[2])) % (body.count + 1)
  precondition(findings(body, boundary, lengths: [cut]) == whole, "cut at \(cut)")
  let step = Int(data[2]) % 7 + 1
  let steps = stride(from: 0, through: body.count, by: step)
  precondition(findings(body, boundary, lengths: steps) == whole, "in pieces of \(step)")
  // Any value of a Content-Type may come.
  if let found = body.withUnsafeBytes({ MultipartBoundary.find(in: $0) }) {
    precondition((1...MultipartBoundary.limit).contains(found.count))
  }
  return 0
}
