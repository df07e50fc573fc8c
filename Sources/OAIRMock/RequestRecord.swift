import Synchronization

/// A request as it arrived.
public struct RecordedRequest: Sendable, Equatable {
  /// The head's bytes, its empty last line included.
  public var head: [UInt8]
  /// The body's bytes, without chunk framing.
  public var body: [UInt8]
  /// Which connection it came by, counted from 1 in the order they were accepted.
  public var connection: Int
}

/// The latest requests, for tests that compare what was sent with what arrived.
///
/// Written on the backend's thread, taken from any.
final class RequestRecord: Sendable {
  private let kept = Mutex<[RecordedRequest]>([])
  /// LIMIT: how many are kept; the oldest make room.
  let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  func append(_ request: RecordedRequest) {
    kept.withLock { kept in
      if kept.count == capacity { kept.removeFirst() }
      kept.append(request)
    }
  }

  func takeAll() -> [RecordedRequest] {
    kept.withLock { kept in
      defer { kept = [] }
      return kept
    }
  }
}
