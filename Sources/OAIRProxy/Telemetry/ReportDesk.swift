import Synchronization

/// Where those who ask for a report wait until the reactor has made one.
///
/// A question is a flag in its mail, and one report answers all who wait.
public final class ReportDesk: Sendable {
  /// Called once: with a report, or nil when the data plane has ended.
  ///
  /// On the reactor's thread, or the caller's; it must return at once.
  public typealias Answer = @Sendable (ProxyReport?) -> Void

  private struct State {
    var isClosed = false
    var waiting: [Answer] = []
  }

  private let state = Mutex(State())
  private let wake: @Sendable () -> Void

  /// Makes a desk where nobody waits.
  ///
  /// - Parameter wake: leaves the question in the reactor's mail.
  public init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  /// Asks for a report that is made from now on.
  ///
  /// Callable from any thread.
  public func ask(_ answer: @escaping Answer) {
    let isTaken = state.withLock { state in
      if !state.isClosed { state.waiting.append(answer) }
      return !state.isClosed
    }
    if isTaken { wake() } else { answer(nil) }
  }

  /// Answers all who wait.
  ///
  /// On the reactor's thread, as seldom as somebody asks.
  func post(_ report: ProxyReport) {
    for answer in takeWaiting() { answer(report) }
  }

  /// Tells all who wait, and whoever comes later, that there will be no report.
  ///
  /// Called when the data plane has ended.
  public func close() {
    state.withLock { $0.isClosed = true }
    for answer in takeWaiting() { answer(nil) }
  }

  private func takeWaiting() -> [Answer] {
    state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
  }
}
