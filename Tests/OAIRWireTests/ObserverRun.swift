@testable import OAIRWire

/// What an observer saw, in a form that can be compared.
struct ObserverOutcome: Equatable {
  /// Behind the last boundary, from the payload's start.
  var boundary = 0
  var isAtBoundary = false
  var hasContent = false
  var hasEndMarker = false
  var hasError = false
  var hasErrorBeforeContent = false
  var eventCount = 0
  var contentEventCount = 0
  var commentCount = 0
  var inputTokens: Int?
  var outputTokens: Int?
}

/// Shows a payload to an observer in pieces, each against a guard page.
struct ObserverRun {
  private let family: WireFamily
  private let payload: [UInt8]
  private let commitAt: Int?
  private let memory: GuardedBytes

  /// `commitAt`: `commit()` is called before the byte at this offset is shown.
  init(_ family: WireFamily, _ payload: some Sequence<UInt8>, commitAt: Int? = nil) {
    self.family = family
    self.payload = Array(payload)
    self.commitAt = commitAt
    memory = GuardedBytes(capacity: self.payload.count)
  }

  /// Shows the payload, cut at the given offsets.
  func outcome(cuts: some Sequence<Int> = []) -> ObserverOutcome {
    var observer = EventObserver(family: family)
    var ends = Set(cuts)
    ends.insert(payload.count)
    if let commitAt { ends.insert(commitAt) }
    var outcome = ObserverOutcome()
    var start = 0
    for end in ends.sorted() {
      if start == commitAt { observer.commit() }
      let boundary = memory.place(payload[start..<end]) { observer.observe($0) }
      if let boundary { outcome.boundary = start + boundary }
      start = end
    }
    outcome.isAtBoundary = observer.isAtBoundary
    outcome.hasContent = observer.hasContent
    outcome.hasEndMarker = observer.hasEndMarker
    outcome.hasError = observer.hasError
    outcome.hasErrorBeforeContent = observer.hasErrorBeforeContent
    outcome.eventCount = observer.eventCount
    outcome.contentEventCount = observer.contentEventCount
    outcome.commentCount = observer.commentCount
    outcome.inputTokens = observer.inputTokens
    outcome.outputTokens = observer.outputTokens
    return outcome
  }

  /// The outcome, and the first way of cutting the payload that leads to another one.
  func outcomeOfEverySplit() -> (whole: ObserverOutcome, differing: String?) {
    let whole = outcome()
    if outcome(cuts: 0...payload.count) != whole { return (whole, "byte by byte") }
    for cut in 0...payload.count where outcome(cuts: [cut]) != whole {
      return (whole, "cut at \(cut)")
    }
    return (whole, nil)
  }
}
