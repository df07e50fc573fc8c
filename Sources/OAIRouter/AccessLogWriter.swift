import Glibc
import OAIRProxy
import OAIRSys
import Synchronization

// The writer's domain: a thread of its own that formats what the reactors left in their rings. If
// the log's reader stops reading, this thread blocks, the rings fill, and lines are dropped and
// counted: traffic never waits for a log.

/// Writes one access line per exchange.
final class AccessLogWriter: Sendable {
  let rings: AccessRings
  private let format: AccessLineFormat
  private let lost: LostLines
  private let descriptor: FileDescriptor
  private let isStopping = Atomic<Bool>(false)
  private let isDone = Atomic<Bool>(false)

  /// How often it looks while traffic flows, in milliseconds.
  ///
  /// The ring holds as many records as a reactor makes in that time at 160,000 a second. One system
  /// call then writes all of them.
  private static let interval: Int32 = 25
  /// Looks that find nothing before it sleeps until it is woken, which costs the reactor a call.
  private static let idleLooks = 40
  /// Bytes that are written at once.
  private static let batch = 64 << 10

  /// - Parameter lost: counts what couldn't be written.
  /// - Returns: nil when there is nothing to write.
  init?(
    _ log: AccessLog,
    keys: KeyNumbers,
    workers: Int,
    lost: LostLines
  ) throws(SystemError) {
    self.lost = lost
    switch log {
    case .off: return nil
    case .text(let descriptor):
      self.descriptor = descriptor
      format = AccessLineFormat(format: .text, keys: keys)
    case .json(let descriptor):
      self.descriptor = descriptor
      format = AccessLineFormat(format: .json, keys: keys)
    }
    rings = try AccessRings(workers: workers)
  }

  func start() {
    OwnThread.start("oair-writer") { self.run() }
  }

  /// Lets it write what is left, then end.
  ///
  /// Waits at most a second.
  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    rings.interrupt()
    for _ in 0..<100 where !isDone.load(ordering: .sequentiallyConsistent) {
      poll(nil, 0, 10)
    }
  }

  private func run() {
    var format = format
    var lines: [UInt8] = []
    var idle = 0
    while true {
      let isLast = isStopping.load(ordering: .sequentiallyConsistent)
      lines.removeAll(keepingCapacity: true)
      while lines.count < Self.batch, let record = rings.pop() { format.append(record, to: &lines) }
      if !lines.isEmpty { lost.add(DescriptorWriter.write(lines, to: descriptor)) }
      if lines.count >= Self.batch { continue }
      if isLast { break }
      idle = lines.isEmpty ? idle + 1 : 0
      if idle < Self.idleLooks {
        poll(nil, 0, Self.interval)
      } else {
        rings.sleepUntilPushed()
        idle = 0
      }
    }
    isDone.store(true, ordering: .sequentiallyConsistent)
  }
}
