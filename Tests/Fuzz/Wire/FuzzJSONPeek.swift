import OAIRWire

/// The scan of a JSON body: however it is cut into pieces, the same is found.
///
/// Input: two bytes choose the cuts, the rest is the body.
struct FuzzJSONPeek {
  static var target: FuzzTarget {
    FuzzTarget("json-peek") { input, memory in
      guard input.count >= 2 else { return }
      let run = FuzzJSONPeek(body: Array(input.dropFirst(2)), memory: memory)
      run.check(cut: Int(input[0]) << 8 | Int(input[1]), step: Int(input[1]) % 7 + 1)
    }
  }

  private struct Findings: Equatable {
    var model: [UInt8]?
    var range: Range<Int>?
    var isEscaped: Bool
    var stream: Bool?
    var isFinished: Bool
    var error: JSONPeekError?
  }

  let body: [UInt8]
  let memory: GuardedCopy

  /// Scans the beginnings of the body of the given lengths, then the whole.
  private func findings(_ lengths: some Sequence<Int>) -> Findings {
    var peek = JSONPeek()
    for length in lengths {
      memory.with(body[..<length]) { peek.scan($0, isComplete: false) }
    }
    return memory.with(body) { whole in
      peek.scan(whole, isComplete: true)
      var name = [UInt8](repeating: 0, count: JSONPeek.modelLimit)
      let length = name.withUnsafeMutableBytes { peek.copyModel(from: whole, into: $0) }
      if let error = peek.error {
        require((0...body.count).contains(error.offset), "an error lies within the bytes")
      } else {
        require(peek.isFinished, "a text without error is complete")
        require((length == nil) == (peek.modelRange == nil), "every model can be copied")
      }
      return Findings(
        model: length.map { Array(name[..<$0]) },
        range: peek.modelRange,
        isEscaped: peek.isModelEscaped,
        stream: planted(peek.stream, Array(lengths)),
        isFinished: peek.isFinished,
        error: peek.error
      )
    }
  }

  /// What was found, but for a bug that is made on purpose: `stream` is lost where a cut stands
  /// behind an `r` or a `u`, as in the midst of its literal.
  private func planted(_ stream: Bool?, _ lengths: [Int]) -> Bool? {
    #if PLANTED_BUG
      if lengths.count == 1, let last = body[..<lengths[0]].last, last == 114 || last == 117 {
        return nil
      }
    #endif
    return stream
  }

  private func check(cut: Int, step: Int) {
    let whole = findings([])
    let cut = cut % (body.count + 1)
    require(findings([cut]) == whole, "cut at \(cut)")
    let steps = stride(from: 0, through: body.count, by: step)
    require(findings(steps) == whole, "in pieces of \(step)")
    checkPassing(whole, from: cut, step)
    checkReference(whole)
  }

  /// A body of which nothing is kept from a cut on, behind its model, ends as it does in whole.
  private func checkPassing(_ whole: Findings, from cut: Int, _ step: Int) {
    var peek = JSONPeek()
    let passing = PassingBody(body: body, memory: memory, cut: cut, step: step)
    guard passing.pass(&peek) else { return }
    require(peek.error == whole.error, "from \(cut) on in pieces of \(step)")
  }

  private func checkReference(_ found: Findings) {
    let reference = ReferenceJSON(body)
    // What stands in a model's name is judged by the decoder's own tests.
    guard !reference.isBeyondJudgement else { return }
    switch found.error {
    case .invalidJSON(let offset):
      require(reference.brokenAt == offset, "broken at \(offset), not \(reference.brokenAt ?? -1)")
    case .notAnObject(let offset):
      require(reference.otherValueAt == offset, "an object was refused as something else")
    case .modelNotAString(let offset):
      require(reference.otherModelAt == offset, "a model that is a string was refused")
    case .duplicateModel:
      require(Set(reference.models).count > 1, "equal models were refused")
    case .modelTooLong:
      // Of one that has no end, too much has come.
      let isLong = reference.models.contains { $0.count > 512 }
      require(isLong || reference.brokenAt == body.count, "a short model was refused")
    case .misspelledModel:
      require(!reference.models.isEmpty && !reference.isModelSpelled, "a model was overlooked")
    case nil:
      require(reference.models.isEmpty || reference.isModelSpelled, "a model in other case passed")
      require(reference.brokenAt == nil, "broken at \(reference.brokenAt ?? -1), and accepted")
      require(reference.otherModelAt == nil, "a model that isn't a string was accepted")
      require(Set(reference.models).count < 2, "differing models were accepted")
      require(found.model == reference.models.last, "the model is another one")
      require(found.stream == reference.stream, "stream is another one")
    }
  }
}
