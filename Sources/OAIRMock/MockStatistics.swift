import OAIRWire
import Synchronization

/// What a fake backend has seen, since it was made; starts and stops don't reset it.
public struct MockStatistics: Sendable, Equatable {
  /// Complete requests, of every path but `/mock/statistics`.
  public var requests = 0
  /// Complete requests that generate or embed.
  public var inferenceRequests = 0
  /// Streams whose head went out.
  public var streamsStarted = 0
  /// Streams whose last byte was handed to the kernel.
  public var streamsFinished = 0
  /// Requests whose client left before the answer was complete.
  public var clientAborts = 0
  /// Requests that met a fault.
  public var faults = 0
  /// Connections that are open now.
  public var openConnections = 0
  /// Connections taken in.
  public var acceptedConnections = 0
  /// Connections closed at once because `MockLimits.connections` was reached.
  public var refusedConnections = 0
  /// Requests refused by a limit: a body too large, or no room for it.
  public var refusedBodies = 0

  /// Requests that waited for a slot.
  public var queuedRequests = 0

  /// Nothing seen.
  public init() {}

  /// As `/mock/statistics` tells it.
  var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("requests", requests)
      writer.member("inference_requests", inferenceRequests)
      writer.member("streams_started", streamsStarted)
      writer.member("streams_finished", streamsFinished)
      writer.member("client_aborts", clientAborts)
      writer.member("faults", faults)
      writer.member("open_connections", openConnections)
      writer.member("accepted_connections", acceptedConnections)
      writer.member("refused_connections", refusedConnections)
      writer.member("refused_bodies", refusedBodies)
      writer.member("queued_requests", queuedRequests)
    }
  }
}

/// The counters behind `MockStatistics`: written by the backend's thread alone, read by any.
///
/// Each is right by itself; a snapshot isn't one moment's.
final class MockCounters: Sendable {
  let requests = Atomic<Int>(0)
  let inferenceRequests = Atomic<Int>(0)
  let streamsStarted = Atomic<Int>(0)
  let streamsFinished = Atomic<Int>(0)
  let clientAborts = Atomic<Int>(0)
  let faults = Atomic<Int>(0)
  let openConnections = Atomic<Int>(0)
  let acceptedConnections = Atomic<Int>(0)
  let refusedConnections = Atomic<Int>(0)
  let refusedBodies = Atomic<Int>(0)
  let queuedRequests = Atomic<Int>(0)

  var snapshot: MockStatistics {
    var result = MockStatistics()
    result.requests = requests.load(ordering: .acquiring)
    result.inferenceRequests = inferenceRequests.load(ordering: .acquiring)
    result.streamsStarted = streamsStarted.load(ordering: .acquiring)
    result.streamsFinished = streamsFinished.load(ordering: .acquiring)
    result.clientAborts = clientAborts.load(ordering: .acquiring)
    result.faults = faults.load(ordering: .acquiring)
    result.openConnections = openConnections.load(ordering: .acquiring)
    result.acceptedConnections = acceptedConnections.load(ordering: .acquiring)
    result.refusedConnections = refusedConnections.load(ordering: .acquiring)
    result.refusedBodies = refusedBodies.load(ordering: .acquiring)
    result.queuedRequests = queuedRequests.load(ordering: .acquiring)
    return result
  }
}

extension Atomic<Int> {
  /// Counts one more; whoever reads the count also sees what was done before.
  func increment() { add(1, ordering: .releasing) }

  /// Counts one less.
  func decrement() { subtract(1, ordering: .releasing) }
}
