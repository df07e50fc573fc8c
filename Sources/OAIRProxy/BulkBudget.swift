/// How much bulk a tick may move: of request bodies, of answers that come faster than one read, and
/// of requests behind others on one connection.
///
/// A tick is what everybody else waits for. While there are others (short requests, paced streams)
/// it does little bulk at a time, in small pieces; without them it may take its time, as large
/// pieces cost less for each byte. Whoever isn't served waits in the reactor's queue of postponed
/// connections: those go first, whoever comes anew stands behind them.
struct BulkBudget {
  /// Bytes that may still be moved now; below 0 when the last piece was more than was left.
  private(set) var left = ProxyLimits.bulkPerTick
  /// Bytes to read or write at a time.
  private(set) var piece = ProxyLimits.bulkPerTick
  private var othersUntil: UInt64 = 0

  /// True when nothing may be moved any more.
  var isSpent: Bool { left <= 0 }

  /// A tick begins.
  ///
  /// - Parameters:
  ///   - now: the reactor's time in nanoseconds.
  ///   - isContended: somebody has been postponed: what comes now waits behind them.
  mutating func beginTick(at now: UInt64, isContended: Bool) {
    piece = now < othersUntil ? ProxyLimits.bulkBesideOthers : ProxyLimits.bulkPerTick
    left = isContended ? 0 : piece
  }

  /// The turn of those who were postponed has come.
  mutating func beginPostponed() { left = piece }

  /// Something was moved.
  mutating func spend(_ bytes: Int) { left -= bytes }

  /// Somebody is served who has no bulk.
  ///
  /// - Parameter now: the reactor's time in nanoseconds.
  mutating func othersAreHere(at now: UInt64) {
    othersUntil = now &+ ProxyLimits.othersNanoseconds
  }
}
