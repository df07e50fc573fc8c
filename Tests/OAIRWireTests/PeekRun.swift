@testable import OAIRWire

/// What a scan found, in a form that can be compared.
struct PeekOutcome: Equatable {
  var model: String?
  var range: Range<Int>?
  var isEscaped: Bool
  var stream: Bool?
  var isFinished: Bool
  var error: JSONPeekError?
}

/// Runs a scan over a body that arrives in pieces, each against a guard page.
struct PeekRun {
  private let body: [UInt8]
  private let memory: GuardedBytes

  init(_ body: some Sequence<UInt8>) {
    self.body = Array(body)
    memory = GuardedBytes(capacity: self.body.count)
  }

  /// Shows the body's beginnings of the given lengths, then the whole.
  func outcome(lengths: some Sequence<Int> = []) -> PeekOutcome {
    var peek = JSONPeek()
    for length in lengths {
      memory.place(body[..<length]) { peek.scan($0, isComplete: false) }
    }
    return memory.place(body[...]) { whole in
      peek.scan(whole, isComplete: true)
      var name = [UInt8](repeating: 0, count: JSONPeek.modelLimit)
      let length = name.withUnsafeMutableBytes { peek.copyModel(from: whole, into: $0) }
      return PeekOutcome(
        model: length.map { String(decoding: name[..<$0], as: UTF8.self) },
        range: peek.modelRange,
        isEscaped: peek.isModelEscaped,
        stream: peek.stream,
        isFinished: peek.isFinished,
        error: peek.error
      )
    }
  }

  /// The outcome, and the first way of splitting the body that leads to another one.
  func outcomeOfEverySplit() -> (whole: PeekOutcome, differing: String?) {
    let whole = outcome()
    if outcome(lengths: 0...body.count) != whole { return (whole, "byte by byte") }
    for split in 0...body.count where outcome(lengths: [split]) != whole {
      return (whole, "split at \(split)")
    }
    return (whole, nil)
  }
}
