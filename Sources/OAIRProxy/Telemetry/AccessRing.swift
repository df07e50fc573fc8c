public import OAIRSys
import Synchronization

/// A bounded ring from one reactor to the writer thread.
///
/// The reactor never waits: a full ring drops the record and counts it.
///
/// The writer sleeps on an eventfd only when it has found nothing for a while. While traffic flows
/// it looks by itself forty times a second, so that a request costs the reactor no system call.
public final class AccessRing: @unchecked Sendable {  // SAFETY: see `records`
  /// LIMIT: records between two looks of the writer.
  public static let capacity = 4096

  // SAFETY: the slot at `tail % capacity` is written by the reactor only while it is outside
  // head ..< tail, and read by the writer only while it is inside; the two indices are published
  // with release and read with acquire.
  private let records: UnsafeMutablePointer<AccessRecord>
  private let head = Atomic<Int>(0)
  private let tail = Atomic<Int>(0)
  private let isReaderAsleep = Atomic<Bool>(false)
  private let isClosed = Atomic<Bool>(false)
  private let wake: EventFD

  /// Makes an empty ring.
  ///
  /// - Throws: `SystemError` when no descriptor is left.
  public init() throws(SystemError) {
    wake = try EventFD()
    records = .allocate(capacity: Self.capacity)
  }

  deinit { records.deallocate() }

  /// True while somebody reads what is left here.
  ///
  /// Read on the reactor's thread before a record is made; set from any.
  public var isWanted: Bool {
    get { !isClosed.load(ordering: .relaxed) }
    set { isClosed.store(!newValue, ordering: .relaxed) }
  }

  /// Leaves a record.
  ///
  /// On the reactor's thread.
  ///
  /// - Returns: false when the ring is full and the record is dropped.
  func push(_ record: AccessRecord) -> Bool {
    let end = tail.load(ordering: .relaxed)
    guard end &- head.load(ordering: .acquiring) < Self.capacity else { return false }
    (records + end & (Self.capacity - 1)).initialize(to: record)
    tail.store(end &+ 1, ordering: .sequentiallyConsistent)
    if isReaderAsleep.load(ordering: .sequentiallyConsistent),
      isReaderAsleep.exchange(false, ordering: .sequentiallyConsistent)
    {
      wake.signal()
    }
    return true
  }

  /// Takes the oldest record.
  ///
  /// On the writer's thread.
  public func pop() -> AccessRecord? {
    let start = head.load(ordering: .relaxed)
    guard start != tail.load(ordering: .acquiring) else { return nil }
    let record = records[start & (Self.capacity - 1)]
    head.store(start &+ 1, ordering: .releasing)
    return record
  }

  /// Blocks the writer until a record is left or `interrupt()` is called.
  public func sleepUntilPushed() {
    isReaderAsleep.store(true, ordering: .sequentiallyConsistent)
    // A record that came before the flag was set would not have signalled.
    if head.load(ordering: .relaxed) == tail.load(ordering: .sequentiallyConsistent) {
      wake.waitUntilSignalled()
    }
    isReaderAsleep.store(false, ordering: .sequentiallyConsistent)
    wake.clear()
  }

  /// Wakes a sleeping writer.
  ///
  /// Callable from any thread.
  public func interrupt() { wake.signal() }
}
