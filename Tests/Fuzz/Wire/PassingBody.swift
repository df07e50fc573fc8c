import OAIRWire

/// A body of which nothing is kept from a cut on: it is shown to a scan piece after piece.
struct PassingBody {
  let body: [UInt8]
  let memory: GuardedCopy
  let cut: Int
  let step: Int

  /// Shows it to a scan that is new.
  ///
  /// - Returns: false when the scan has no model before the cut, or is over: such a body doesn't
  ///   stream on.
  func pass<Scanner: PieceScanner & ~Copyable>(_ peek: inout Scanner) -> Bool {
    var seam = PieceSeam()
    memory.with(body[..<cut]) { bytes in
      peek.scan(bytes, isComplete: false)
      seam.begin(behind: bytes, &peek)
    }
    guard let range = peek.modelRange, !peek.isBroken else { return false }
    for start in stride(from: cut, to: body.count, by: step) where !peek.isBroken {
      memory.with(body[start..<min(body.count, start + step)]) { seam.show($0, to: &peek) }
    }
    peek.endPieces(at: body.count)
    require(peek.modelRange == range, "the model stays where it is")
    return true
  }
}
