// libFuzzer target: however a body is cut into pieces, a scan of it finds the same.
//
// Input: two bytes choose the cuts, the rest is the body.

#if canImport(OAIRWire)
  import OAIRWire
#endif

private struct Findings: Equatable {
  var model: [UInt8]?
  var range: Range<Int>?
  var isEscaped: Bool
  var stream: Bool?
  var isFinished: Bool
  var error: JSONPeekError?
}

/// Scans the beginnings of `body` of the given lengths, each a copy, then the whole.
private func findings(_ body: [UInt8], lengths: some Sequence<Int>) -> Findings {
  var peek = JSONPeek()
  for length in lengths {
    // A copy of exactly that length lets AddressSanitizer see a read behind its end.
    Array(body[..<length]).withUnsafeBytes { peek.scan($0, isComplete: false) }
  }
  return body.withUnsafeBytes { whole in
    peek.scan(whole, isComplete: true)
    var name = [UInt8](repeating: 0, count: JSONPeek.modelLimit)
    let length = name.withUnsafeMutableBytes { peek.copyModel(from: whole, into: $0) }
    if peek.error == nil {
      precondition(peek.isFinished, "a text without error is complete")
      precondition((length == nil) == (peek.modelRange == nil), "every model can be copied")
    }
    if let error = peek.error { precondition((0...body.count).contains(error.offset)) }
    return Findings(
      model: length.map { Array(name[..<$0]) },
      range: peek.modelRange,
      isEscaped: peek.isModelEscaped,
      stream: peek.stream,
      isFinished: peek.isFinished,
      error: peek.error
    )
  }
}

/// Checks the properties for one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSONPeek(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  guard size >= 2 else { return 0 }
  let body = Array(UnsafeBufferPointer(start: data + 2, count: size - 2))
  let whole = findings(body, lengths: [])
  let cut = (Int(data[0]) << 8 | Int(data[1])) % (body.count + 1)
  precondition(findings(body, lengths: [cut]) == whole, "cut at \(cut)")
  let step = Int(data[1]) % 7 + 1
  let steps = stride(from: 0, through: body.count, by: step)
  precondition(findings(body, lengths: steps) == whole, "in pieces of \(step)")
  return 0
}
