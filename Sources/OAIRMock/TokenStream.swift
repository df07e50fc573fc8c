/// One stream under way: which event comes next, and when.
///
/// Pure: the clock is passed in.
///
///     opening ─► tokens ─┬─► closing ─► ended
///                        ├─► failure ─► ended      (fault `error-after`)
///                        └─► broken                (faults `cut-`, `eof-`, `stall-after`)
struct TokenStream {
  /// What `next` came to.
  enum Step: Equatable {
    /// An event was written.
    case event
    /// The next one is due at that time.
    case notBefore(UInt64)
    /// There is none.
    case ended
    /// The stream breaks off here.
    case broken(MockFault.Break)
  }

  /// Where a stream breaks off.
  struct BreakPoint: Equatable {
    var after: Int
    var how: MockFault.Break
  }

  private enum Stage: Equatable {
    case opening, tokens, closing(Int), failure(Int)
  }

  private let script: EventScript
  private let firstToken: UInt64
  private let interval: UInt64
  private let breakPoint: BreakPoint?
  private var stage = Stage.opening
  private var tokensSent = 0

  /// Makes a stream.
  ///
  /// - Parameters:
  ///   - script: its events.
  ///   - firstToken: when the first token is due, in nanoseconds of the caller's clock.
  ///   - interval: nanoseconds between two tokens. Delays don't add up: the n-th token is due at a
  ///     fixed time, however late the one before it was.
  ///   - breakPoint: where it breaks off; behind the last token at the latest.
  init(_ script: EventScript, firstToken: UInt64, interval: UInt64, breakPoint: BreakPoint?) {
    self.script = script
    self.firstToken = firstToken
    self.interval = interval
    self.breakPoint = breakPoint
  }

  /// Whether the last event has been written.
  var isEnded: Bool {
    switch stage {
    case .opening, .tokens: false
    case .closing(let index): index == script.closing.count
    case .failure(let index): index == script.failure.count
    }
  }

  /// Writes the next event, if it is due.
  ///
  /// - Parameters:
  ///   - now: the caller's clock.
  ///   - event: emptied, then filled with the event's bytes.
  mutating func next(at now: UInt64, into event: inout [UInt8]) -> Step {
    event.removeAll(keepingCapacity: true)
    switch stage {
    case .opening:
      stage = .tokens
      guard let opening = script.opening else { return next(at: now, into: &event) }
      event.append(contentsOf: opening)
      return .event
    case .tokens: return nextToken(at: now, into: &event)
    case .closing(let index):
      guard index < script.closing.count else { return .ended }
      event.append(contentsOf: script.closing[index])
      stage = .closing(index + 1)
      return .event
    case .failure(let index):
      guard index < script.failure.count else { return .ended }
      event.append(contentsOf: script.failure[index])
      stage = .failure(index + 1)
      return .event
    }
  }

  private mutating func nextToken(at now: UInt64, into event: inout [UInt8]) -> Step {
    if let breakPoint, tokensSent == min(breakPoint.after, script.tokenCount) {
      guard breakPoint.how == .error else { return .broken(breakPoint.how) }
      stage = .failure(0)
      return next(at: now, into: &event)
    }
    guard tokensSent < script.tokenCount else {
      stage = .closing(0)
      return next(at: now, into: &event)
    }
    let due = firstToken &+ UInt64(tokensSent) &* interval
    guard due <= now else { return .notBefore(due) }
    let isLast = tokensSent == script.tokenCount - 1
    let template = isLast ? script.lastToken ?? script.token : script.token
    template.append(Vocabulary.encodedToken(tokensSent), to: &event)
    tokensSent += 1
    return .event
  }
}
