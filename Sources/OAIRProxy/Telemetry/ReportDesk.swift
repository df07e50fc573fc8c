import Synchronization

/// Where those who ask for a report wait until each worker has made one.
///
/// A question is a flag in their mail. What a worker posts answers, for its part, all who wait; the
/// last part makes the answer, in which the parts are put together. A worker that has ended is
/// represented by what it had to say last.
public final class ReportDesk: Sendable {
  /// Called once: with a report, or nil when the data plane has ended.
  ///
  /// On a reactor's thread, or the caller's; it must return at once.
  public typealias Answer = @Sendable (ProxyReport?) -> Void

  private struct Question {
    let answer: Answer
    let wantsTelemetry: Bool
    /// By worker.
    var parts: [ProxyReport?]

    var whole: ProxyReport? {
      let known = parts.compactMap { $0 }
      return known.count == parts.count ? ProxyReport.together(known) : nil
    }
  }

  private struct State {
    var isClosed = false
    var waiting: [Question] = []
    /// By worker: the last words of those that have ended.
    var last: [ProxyReport?]
  }

  private let state: Mutex<State>
  /// Says once more what the lock says: that one has waited for the other.
  ///
  /// Workers post at the same time, and a contended lock's order is hidden from the sanitizer; this
  /// isn't.
  private let order = Atomic<Bool>(false)
  private let wake: @Sendable (_ wantsTelemetry: Bool) -> Void

  /// Makes a desk where nobody waits.
  ///
  /// - Parameters:
  ///   - workers: how many there are, 1 or more.
  ///   - wake: leaves the question in each worker's mail.
  public init(workers: Int = 1, wake: @escaping @Sendable (_ wantsTelemetry: Bool) -> Void) {
    state = Mutex(State(last: Array(repeating: nil, count: workers)))
    self.wake = wake
  }

  /// Asks for a report that is made from now on.
  ///
  /// Callable from any thread.
  ///
  /// - Parameter telemetry: everything that metrics are made of, too.
  public func ask(telemetry: Bool = false, _ answer: @escaping Answer) {
    let isTaken = state.withLock { state in
      _ = order.load(ordering: .acquiring)
      guard !state.isClosed else { return false }
      let question = Question(answer: answer, wantsTelemetry: telemetry, parts: state.last)
      // One whose workers have all ended is closed in a moment.
      state.waiting.append(question)
      order.store(true, ordering: .releasing)
      return true
    }
    if isTaken { wake(telemetry) } else { answer(nil) }
  }

  /// Answers all who wait, as far as one worker goes.
  ///
  /// On that worker's thread, as seldom as somebody asks.
  func post(_ report: ProxyReport, from worker: Int = 0) {
    let answers = state.withLock { take(report, from: worker, &$0) }
    for (answer, report) in answers { answer(report) }
  }

  /// The same, for a worker that will post no more.
  func end(_ report: ProxyReport, from worker: Int) {
    let answers = state.withLock { state in
      _ = order.load(ordering: .acquiring)
      state.last[worker] = report
      return take(report, from: worker, &state)
    }
    for (answer, report) in answers { answer(report) }
  }

  private func take(
    _ report: ProxyReport,
    from worker: Int,
    _ state: inout State
  ) -> [(Answer, ProxyReport)] {
    _ = order.load(ordering: .acquiring)
    defer { order.store(true, ordering: .releasing) }
    var complete: [(Answer, ProxyReport)] = []
    var open: [Question] = []
    for var question in state.waiting {
      // Somebody else's question may have been answered before this one was read.
      if !question.wantsTelemetry || report.telemetry != nil { question.parts[worker] = report }
      if let whole = question.whole {
        complete.append((question.answer, whole))
      } else {
        open.append(question)
      }
    }
    state.waiting = open
    return complete
  }

  /// Tells all who wait, and whoever comes later, that there will be no report.
  ///
  /// Called when the data plane has ended.
  public func close() {
    let waiting = state.withLock { state in
      _ = order.load(ordering: .acquiring)
      state.isClosed = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for question in waiting { question.answer(nil) }
  }
}
