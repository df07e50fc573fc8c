import OAIRReactor
import OAIRRouting

/// What exchanges go by, as it holds between two changes of the configuration.
///
/// It never changes: an exchange pins the settings that it began with, as it does its backend's
/// record, so that a new deadline cuts no stream. Made on the reactor's thread, and used there.
final class ProxySettings {
  let deadlines: Deadlines
  let retry: RetryOptions
  let halfClose: HalfClose
  /// Bytes that wait for a slow client before its backend is paused.
  let writeQueue: Int
  let browsers: BrowserGuard
  let keys: KeyRing
  /// The name of the field that names sessions, in lower case; nil: they don't matter.
  let sessionField: [UInt8]?
  /// How often the registry hears at most that a backend sends, in nanoseconds.
  let bytesReport: UInt64

  init(_ options: ProxyOptions) {
    deadlines = Deadlines(options.timeouts)
    retry = options.retry
    halfClose = options.halfClose
    writeQueue = options.limits.writeQueue
    browsers = BrowserGuard(options.browsers)
    keys = KeyRing(options.keys)
    sessionField = options.selection.sessionHeader.map { Array($0.lowercased().utf8) }
    bytesReport = options.bytesReport.nanoseconds
  }
}

extension ProxyOptions {
  /// Other options, with what can't change while a data plane runs kept as it is here.
  ///
  /// - Parameter newer: what is wanted.
  /// - Returns: `newer` with the `limits` of this one, but for `limits.writeQueue`.
  public func adopting(_ newer: ProxyOptions) -> ProxyOptions {
    var adopted = newer
    adopted.limits = limits
    adopted.limits.writeQueue = newer.limits.writeQueue
    return adopted
  }
}

extension Proxy {
  /// What an exchange goes by: the settings that held when it began.
  @inline(__always)
  func settings(of downstream: Handle) -> ProxySettings {
    downstreams[downstream].exchange.settings
  }

  /// Goes on with other settings.
  ///
  /// Exchanges under way keep those that they have pinned; what belongs to all of them (the queue's
  /// length, the retry budget, who is chosen among equals) goes by the new ones at once.
  ///
  /// - Parameter options: as `ProxyOptions.adopting(_:)` has made them.
  public mutating func adopt(_ options: ProxyOptions) {
    settings = ProxySettings(options)
    exchanges.adopt(settings)
    retryBudget.percent = max(0, options.retry.budgetPercent)
    queue.limit = RequestQueue.bounded(options.selection.queue)
    guard options.selection.balance != selector.policy else { return }
    selector = CandidateSelector(options.selection.balance)
    selector.adopt(table, after: .empty)
  }
}
