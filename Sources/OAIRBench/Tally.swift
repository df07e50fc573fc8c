/// What one run has counted; owned by its load loop.
struct Tally: ~Copyable {
  /// From the moment a request was due until its answer was complete; answers that are right.
  var latency = LatencyHistogram()
  /// From the moment a request was due until the first content of its stream.
  var firstEvent = LatencyHistogram()
  /// Between two content events of a stream.
  var interEvent = LatencyHistogram()
  /// How long events were on their way that say when they were sent.
  var delivery = LatencyHistogram()
  /// Open loop: how late a request was sent, whether nobody was free to send it or we were slow.
  var sendLag = LatencyHistogram()
  /// Right answers to the measured requests.
  var requests = 0
  /// Right answers that were complete within the measured time, whenever their requests were due.
  var completions = 0
  /// Content events within the measured time.
  var events = 0
  /// Bytes of bodies within the measured time.
  var bytes = 0
  /// Answers to slow readers, which are in no other figure.
  var slowRequests = 0
  /// Connections that were opened in place of others.
  var reconnects = 0
  /// The most requests that waited for a connection at one time.
  var backlogPeak = 0
  private var failures = InlineArray<12, Int>(repeating: 0)
  private(set) var statuses: [Int: Int] = [:]

  /// Counts a request that failed.
  mutating func add(_ failure: RequestFailure) { failures[Int(failure.rawValue)] += 1 }

  /// Counts an answer with another status than 2xx.
  mutating func add(status: Int) {
    add(.status)
    statuses[status, default: 0] += 1
  }

  /// Requests that failed, by their names; those that never happened are left out.
  var failuresByName: [String: Int] {
    var named: [String: Int] = [:]
    for failure in RequestFailure.allCases where failures[Int(failure.rawValue)] > 0 {
      named[failure.name] = failures[Int(failure.rawValue)]
    }
    return named
  }

  /// Requests that failed.
  var failureCount: Int {
    var sum = 0
    for index in failures.indices { sum += failures[index] }
    return sum
  }
}
