/// One stream under way: which event comes next, and when.
///
/// Pure: the clock is passed in.
///
///     opening ─► tokens ─┬─► closing ─► ended
///                        ├─► failure ─► ended      (fault `error-after`, an engine's death)
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
    /// What is counted.
    var unit = MockFault.Unit.tokens
  }

  private enum Stage: Equatable {
    case opening(Int), tokens, closing(Int), failure(Int)
  }

  private let script: EventScript
  /// When the first token is due, in nanoseconds of the caller's clock; `.max`: it isn't known yet,
  /// as the request waits for its turn.
  var firstToken: UInt64
  private let interval: UInt64
  private let breakPoint: BreakPoint?
  /// Whether each token's text is the moment at which it is written.
  private let stampsTokens: Bool
  private var stage = Stage.opening(0)
  private var tokensSent = 0
  private var eventsSent = 0
  private var bytesSent = 0

  /// Makes a stream.
  ///
  /// - Parameters:
  ///   - script: its events.
  ///   - firstToken: when the first token is due, in nanoseconds of the caller's clock.
  ///   - interval: nanoseconds between two tokens. Delays don't add up: the n-th token is due at a
  ///     fixed time, however late the one before it was.
  ///   - breakPoint: where it breaks off; behind the last token, event or byte at the latest.
  ///   - stampsTokens: whether each token's text is the moment at which it is written.
  init(
    _ script: EventScript,
    firstToken: UInt64,
    interval: UInt64,
    breakPoint: BreakPoint?,
    stampsTokens: Bool = false
  ) {
    self.script = script
    self.firstToken = firstToken
    self.interval = interval
    self.breakPoint = breakPoint
    self.stampsTokens = stampsTokens
  }

  /// Whether the last event has been written.
  var isEnded: Bool { isThrough && !isBreakReached }

  /// Goes on with what an engine says that dies.
  mutating func fail() {
    guard !isFailing else { return }
    stage = .failure(0)
  }

  private var isThrough: Bool {
    switch stage {
    case .opening, .tokens: false
    case .closing(let index): index == script.closing.count
    case .failure(let index): index == script.failure.count
    }
  }

  private var isFailing: Bool {
    if case .failure = stage { true } else { false }
  }

  private var isBreakReached: Bool {
    guard let breakPoint, !isFailing else { return false }
    switch breakPoint.unit {
    case .tokens:
      return stage == .tokens && tokensSent == min(breakPoint.after, script.tokenCount)
    case .events: return eventsSent >= breakPoint.after || isThrough
    case .bytes: return bytesSent >= breakPoint.after || isThrough
    }
  }

  /// Writes the next event, if it is due.
  ///
  /// - Parameters:
  ///   - now: the caller's clock.
  ///   - event: emptied, then filled with the event's bytes.
  mutating func next(at now: UInt64, into event: inout [UInt8]) -> Step {
    event.removeAll(keepingCapacity: true)
    // Stages without an event of their own are passed over; a break may stand before each.
    while true {
      if isBreakReached, let breakPoint {
        guard breakPoint.how == .error else { return .broken(breakPoint.how) }
        // Audio has no words for it.
        guard !script.breaksOnFailure else { return .broken(.eof) }
        stage = .failure(0)
      }
      guard let step = step(at: now, into: &event) else { continue }
      if step == .event { account(for: &event) }
      return step
    }
  }

  /// - Returns: nil when the stage has nothing more, and the next one is on.
  private mutating func step(at now: UInt64, into event: inout [UInt8]) -> Step? {
    switch stage {
    case .opening(let index):
      guard index < script.opening.count else {
        stage = .tokens
        return nil
      }
      event.append(contentsOf: script.opening[index])
      stage = .opening(index + 1)
    case .tokens:
      guard tokensSent < script.tokenCount else {
        stage = .closing(0)
        return nil
      }
      return nextToken(at: now, into: &event)
    case .closing(let index):
      guard index < script.closing.count else { return .ended }
      event.append(contentsOf: script.closing[index])
      stage = .closing(index + 1)
    case .failure(let index):
      guard index < script.failure.count else { return .ended }
      event.append(contentsOf: script.failure[index])
      stage = .failure(index + 1)
    }
    return .event
  }

  private mutating func nextToken(at now: UInt64, into event: inout [UInt8]) -> Step {
    guard firstToken != .max else { return .notBefore(.max) }
    let due = firstToken &+ UInt64(tokensSent) &* interval
    guard due <= now else { return .notBefore(due) }
    let isLast = tokensSent == script.tokenCount - 1
    let template = isLast ? script.lastToken ?? script.token : script.token
    let text = stampsTokens ? Vocabulary.stamp(now) : Vocabulary.encodedToken(tokensSent)
    template.append(text, number: tokensSent, to: &event)
    tokensSent += 1
    return .event
  }

  /// Counts an event, and cuts it where a break stands inside it.
  private mutating func account(for event: inout [UInt8]) {
    if let breakPoint, breakPoint.unit == .bytes, !isFailing {
      event.removeLast(max(0, bytesSent + event.count - breakPoint.after))
    }
    eventsSent += 1
    bytesSent += event.count
  }
}
