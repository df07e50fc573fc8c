public import OAIRSys
import Synchronization

/// A bounded ring from one reactor to the writer thread.
///
/// The reactor never waits: a full ring drops the record and counts it.
public final class AccessRing: @unchecked Sendable {  // SAFETY: see `records`
  /// LIMIT: records between two looks of the writer.
  public static let capacity = 4096

  // SAFETY: the slot at `tail % capacity` is written by the reactor only while it is outside
  // head ..< tail, and read by the writer only while it is inside; the two indices are published
  // with release and read with acquire.
  private let records: UnsafeMutablePointer<AccessRecord>
  private let head = Atomic<Int>(0)
  private let tail = Atomic<Int>(0)
  private let isClosed = Atomic<Bool>(false)
  private let reader: AccessRings.Reader

  /// Makes an empty ring.
  ///
  /// - Parameter reader: who takes what is left here.
  init(_ reader: AccessRings.Reader) {
    self.reader = reader
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
    reader.wakeIfAsleep()
    return true
  }

  /// Gives the memory of an empty ring back; it comes again page by page.
  ///
  /// On the reactor's thread: the writer touches a slot only while a record is in it.
  func releasePages() {
    guard tail.load(ordering: .relaxed) == head.load(ordering: .acquiring) else { return }
    FreePages.release(records, count: Self.capacity)
  }

  /// Takes the oldest record.
  ///
  /// On the writer's thread.
  func pop() -> AccessRecord? {
    let start = head.load(ordering: .relaxed)
    guard start != tail.load(ordering: .acquiring) else { return nil }
    let record = records[start & (Self.capacity - 1)]
    head.store(start &+ 1, ordering: .releasing)
    return record
  }

  /// Nothing is left here.
  ///
  /// On the writer's thread.
  var isEmpty: Bool {
    head.load(ordering: .relaxed) == tail.load(ordering: .sequentiallyConsistent)
  }
}

/// The rings of all reactors, with the one thread that reads them.
///
/// The writer sleeps on an eventfd only when it has found nothing for a while. While traffic flows
/// it looks by itself forty times a second, so that a request costs the reactor no system call.
public final class AccessRings: Sendable {
  /// Who reads, and may be asleep.
  final class Reader: Sendable {
    private let isAsleep = Atomic<Bool>(false)
    let wake: EventFD

    init() throws(SystemError) { wake = try EventFD() }

    /// On a reactor's thread.
    func wakeIfAsleep() {
      if isAsleep.load(ordering: .sequentiallyConsistent),
        isAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        wake.signal()
      }
    }

    /// On the writer's thread.
    ///
    /// - Parameter isNeeded: asked once more when those who come now will wake it.
    func sleep(_ isNeeded: () -> Bool) {
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      // A record that came before the flag was set would not have signalled.
      if isNeeded() { wake.waitUntilSignalled() }
      isAsleep.store(false, ordering: .sequentiallyConsistent)
      wake.clear()
    }
  }

  /// One for each reactor.
  public let rings: [AccessRing]
  private let reader: Reader

  /// Makes empty rings.
  ///
  /// - Parameter workers: how many, 1 or more.
  /// - Throws: `SystemError` when no descriptor is left.
  public init(workers: Int) throws(SystemError) {
    let reader = try Reader()
    self.reader = reader
    rings = (0..<workers).map { _ in AccessRing(reader) }
  }

  /// Whether records are made: settable from any thread.
  public func setWanted(_ isWanted: Bool) {
    for ring in rings { ring.isWanted = isWanted }
  }

  /// Takes a record, the oldest one of the first ring that has one.
  ///
  /// On the writer's thread.
  public func pop() -> AccessRecord? {
    for ring in rings {
      if let record = ring.pop() { return record }
    }
    return nil
  }

  /// Blocks the writer until a record is left or `interrupt()` is called.
  public func sleepUntilPushed() {
    reader.sleep { rings.allSatisfy { $0.isEmpty } }
  }

  /// Wakes a sleeping writer.
  ///
  /// Callable from any thread.
  public func interrupt() { reader.wake.signal() }
}
