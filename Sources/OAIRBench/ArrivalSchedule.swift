/// When the requests of an open loop are due: at a fixed rate, whatever becomes of them.
///
/// Latency counts from these moments, also when nobody was free to send (Tene's "coordinated
/// omission": a generator that waits for slow answers doesn't ask when it would hurt).
struct ArrivalSchedule: Equatable {
  private let begin: UInt64
  private let rate: Double
  /// Requests that were due so far.
  private(set) var count: UInt64 = 0

  /// A schedule that begins at a time.
  ///
  /// - Parameters:
  ///   - begin: nanoseconds of the reactor's clock: the first request is due then.
  ///   - rate: requests per second, more than 0.
  init(begin: UInt64, rate: Double) {
    self.begin = begin
    self.rate = rate
  }

  /// When the next request is due.
  ///
  /// Counted from the begin, so that no error adds up.
  var next: UInt64 { begin &+ UInt64((Double(count) * 1e9 / rate).rounded()) }

  /// Takes the next request, if it is due.
  mutating func pop(dueAt now: UInt64) -> UInt64? {
    let due = next
    guard due <= now else { return nil }
    count &+= 1
    return due
  }
}
