import Glibc
public import OAIRSys
import Synchronization

// Events on their way out: whoever logs leaves lines here and goes on, a thread writes them.
// If nobody reads what it writes, it blocks, the lines that wait reach their bound, and
// further ones are dropped and counted: neither plane ever waits for a log.

/// Writes lines to a descriptor, on a thread of its own.
public final class LineSink: Sendable {
  /// LIMIT: bytes that wait; a line that doesn't fit is dropped.
  public static let capacity = 1 << 20

  private struct State {
    var waiting: [UInt8] = []
    var dropped: UInt64 = 0
    var isWriting = false
  }

  private let state = Mutex(State())
  private let wake: EventFD
  private let descriptor: FileDescriptor

  /// Makes a sink and starts its thread, which lives as long as the process.
  ///
  /// - Parameter descriptor: where lines go; it must stay open.
  /// - Throws: `SystemError` when no descriptor is left.
  public init(_ descriptor: FileDescriptor) throws(SystemError) {
    self.descriptor = descriptor
    wake = try EventFD()
    OwnThread.start("oair-log") { [self] in run() }
  }

  /// Lines that were dropped: nobody read, or they couldn't be written.
  public var dropped: UInt64 { state.withLock { $0.dropped } }

  /// Leaves a whole line.
  ///
  /// Callable from any thread; returns at once.
  func append(_ line: [UInt8]) {
    let isTaken = state.withLock { state in
      guard state.waiting.count + line.count <= Self.capacity else {
        state.dropped += 1
        return false
      }
      state.waiting += line
      return true
    }
    if isTaken { wake.signal() }
  }

  /// Waits until everything is written, a second at most: for the end of a process.
  public func flush() {
    for _ in 0..<100 {
      if state.withLock({ $0.waiting.isEmpty && !$0.isWriting }) { return }
      poll(nil, 0, 10)
    }
  }

  private func run() {
    while true {
      wake.waitUntilSignalled()
      wake.clear()
      while let lines = takeWaiting() {
        let lost = DescriptorWriter.write(lines, to: descriptor)
        state.withLock { state in
          state.dropped += lost
          state.isWriting = false
        }
      }
    }
  }

  private func takeWaiting() -> [UInt8]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else { return nil }
      defer { state.waiting = [] }
      state.isWriting = true
      return state.waiting
    }
  }
}

/// Writes all of something, however long that takes.
enum DescriptorWriter {
  /// - Parameter bytes: whole lines; what is left of them is dropped when the descriptor fails, as
  ///   on a disk that is full.
  /// - Returns: how many lines were dropped.
  @discardableResult
  static func write(_ bytes: [UInt8], to descriptor: FileDescriptor) -> UInt64 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor.raw, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) }
      if count < 0, errno == EAGAIN {
        var entry = pollfd(fd: descriptor.raw, events: Int16(POLLOUT), revents: 0)
        poll(&entry, 1, -1)
      } else if count < 0, errno != EINTR {
        return rest.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
      }
    }
    return 0
  }
}

/// Counts lines that couldn't be written.
final class LostLines: Sendable {
  private let number = Atomic<UInt64>(0)
  var count: UInt64 { number.load(ordering: .relaxed) }
  func add(_ lines: UInt64) { number.add(lines, ordering: .relaxed) }
}
