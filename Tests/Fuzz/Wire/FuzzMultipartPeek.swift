import OAIRWire

/// The scan of a form: however it is cut into pieces, the same is found.
///
/// Input: one byte chooses the boundary, two the cuts, the rest is the body.
struct FuzzMultipartPeek {
  static var target: FuzzTarget {
    FuzzTarget("multipart-peek") { input, memory in
      guard input.count >= 3 else { return }
      let run = FuzzMultipartPeek(
        body: Array(input.dropFirst(3)),
        boundary: Array((input[0] & 1 == 0 ? "b" : "----Boundary").utf8),
        memory: memory
      )
      run.check(cut: Int(input[1]) << 8 | Int(input[2]), step: Int(input[2]) % 7 + 1)
    }
  }

  private struct Findings: Equatable {
    var model: Range<Int>?
    var stream: Bool?
    var isFinished: Bool
    var error: MultipartPeekError?
  }

  let body: [UInt8]
  let boundary: [UInt8]
  let memory: GuardedCopy

  /// Scans the beginnings of the body of the given lengths, then the whole.
  private func findings(_ lengths: some Sequence<Int>) -> Findings {
    var peek = MultipartPeek(boundary: boundary)
    for length in lengths {
      memory.with(body[..<length]) { peek.scan($0, isComplete: false) }
    }
    memory.with(body) { peek.scan($0, isComplete: true) }
    if let range = peek.modelRange {
      require(range.lowerBound >= 0 && range.upperBound <= body.count, "the model lies inside")
      require(range.count <= JSONPeek.modelLimit, "a model has a bound")
    }
    if peek.error == nil {
      require(peek.isFinished || peek.modelRange != nil, "a form without error has an end")
    }
    return Findings(
      model: planted(peek.modelRange, Array(lengths)),
      stream: peek.stream,
      isFinished: peek.isFinished,
      error: peek.error
    )
  }

  /// What was found, but for a bug that is made on purpose: the model is lost where the CRLF before
  /// a delimiter was cut.
  private func planted(_ model: Range<Int>?, _ lengths: [Int]) -> Range<Int>? {
    #if PLANTED_BUG
      if lengths.count == 1, let model, lengths[0] == model.upperBound + 1 { return nil }
    #endif
    return model
  }

  private func check(cut: Int, step: Int) {
    let whole = findings([])
    let cut = cut % (body.count + 1)
    require(findings([cut]) == whole, "cut at \(cut)")
    let steps = stride(from: 0, through: body.count, by: step)
    require(findings(steps) == whole, "in pieces of \(step)")
    checkPassing(whole, from: cut, step)
    checkReference(whole)
    checkLenientReaders(whole)
    // Any value of a Content-Type may come.
    if let found = memory.with(body, { MultipartBoundary.find(in: $0) }) {
      require((1...MultipartBoundary.limit).contains(found.count), "a boundary has its length")
    }
  }

  /// A body of which nothing is kept from a cut on, behind its model, ends as it does in whole.
  private func checkPassing(_ whole: Findings, from cut: Int, _ step: Int) {
    var peek = MultipartPeek(boundary: boundary)
    let passing = PassingBody(body: body, memory: memory, cut: cut, step: step)
    guard passing.pass(&peek) else { return }
    require(peek.error == whole.error, "from \(cut) on in pieces of \(step)")
  }

  /// Backends that take more for a model than the scan does find no other one in what it accepts.
  private func checkLenientReaders(_ found: Findings) {
    guard found.error == nil else { return }
    require(body.first.map { $0 == 13 || $0 == 45 } ?? false, "something stands before the form")
    let model = found.model.map { Array(body[$0]) }
    for other in LenientForm(body, boundary).models {
      require(model == other, "another model is there for who reads heads leniently")
    }
  }

  /// The simplest of forms, read by the simplest code: whatever stands between two delimiters.
  private func checkReference(_ found: Findings) {
    guard let form = ReferenceForm(body, boundary) else { return }
    let isMisspelled = !form.models.isEmpty && !form.isModelSpelled
    let isGood = Set(form.models).count < 2 && !isMisspelled
    require(isGood == (found.error == nil), "a form is judged as \(isGood ? "bad" : "good")")
    guard found.error == nil else { return }
    require(Set(form.models).count < 2, "differing models were accepted")
    require(found.model.map { Array(body[$0]) } == form.models.last, "the model is another one")
  }
}
