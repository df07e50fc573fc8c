import Glibc
import OAIRHTTP1
import OAIRProxy
import OAIRSys
import OAIRWire

/// How an access line looks.
///
/// Names are those of docs/OPERATIONS.md; strings that came from clients or backends are escaped,
/// so that no line can be forged. A line costs the writer's thread some thousand instructions: it
/// is put together in memory that all lines share, without a string.
struct AccessLineFormat {
  let format: LogFormat
  private let keys: KeyNumbers?
  /// The ids of the keys, by number less one, as far as they were asked for: none ever changes.
  private var keyIDs: [[UInt8]] = []
  private var second = CachedSecond()
  /// What a line is written on.
  private var paper = [UInt8](repeating: 0, count: Self.limit)

  /// - Parameter keys: knows the ids of the keys; nil: there are none.
  init(format: LogFormat, keys: KeyNumbers? = nil) {
    self.format = format
    self.keys = keys
  }

  /// LIMIT: bytes of a line.
  ///
  /// Four texts of 120 bytes, each byte written as six, a key's id, and the names fit in.
  static let limit = 8 << 10

  mutating func append(_ record: AccessRecord, to lines: inout [UInt8]) {
    var paper: [UInt8] = []
    swap(&paper, &self.paper)
    let count = paper.withUnsafeMutableBytes { memory in
      var line = AccessLine(memory, format)
      switch record.event {
      case .access: writeAccess(record, &line)
      case .failover, .retry: writeAttempt(record, &line)
      }
      return line.end()
    }
    lines += paper[..<count]
    swap(&paper, &self.paper)
  }

  private mutating func writeAccess(_ record: AccessRecord, _ line: inout AccessLine) {
    writeBeginning(record, &line)
    line.name(#","client":"#, " client=")
    Self.writeClient(record, &line)
    line.name(#","key":"#, " key=")
    writeKey(record, &line)
    line.name(#","request":"#, " request=")
    line.text(record.request)
    line.name(#","status":"#, " status=")
    line.number(Int(record.status))
    line.name(#","outcome":"#, " outcome=")
    line.word(record.outcome.name)
    line.name(#","code":"#, " code=")
    line.word(record.code.utf8CodeUnitCount == 0 ? "-" : record.code)
    line.name(#","model":"#, " model=")
    line.text(record.model)
    line.name(#","backend":"#, " backend=")
    line.text(record.backend)
    line.name(#","attempts":"#, " attempts=")
    line.number(Int(record.attempts))
    line.name(#","queue_ms":"#, " queue_ms=")
    line.milliseconds(record.waitedNanoseconds)
    line.name(#","ttft_ms":"#, " ttft_ms=")
    line.milliseconds(record.firstByteNanoseconds)
    line.name(#","duration_ms":"#, " duration_ms=")
    line.milliseconds(record.durationNanoseconds)
    line.name(#","bytes_in":"#, " bytes_in=")
    line.number(record.requestBytes)
    line.name(#","bytes_out":"#, " bytes_out=")
    line.number(record.responseBytes)
    line.name(#","tokens_in":"#, " tokens_in=")
    line.number(Int(record.inputTokens))
    line.name(#","tokens_out":"#, " tokens_out=")
    line.number(Int(record.outputTokens))
  }

  /// An attempt that has failed.
  private mutating func writeAttempt(_ record: AccessRecord, _ line: inout AccessLine) {
    writeBeginning(record, &line)
    line.name(#","reason":"#, " reason=")
    line.word(record.code)
    line.name(#","model":"#, " model=")
    line.text(record.model)
    line.name(#","backend":"#, " backend=")
    line.text(record.backend)
    line.name(#","attempts":"#, " attempts=")
    line.number(Int(record.attempts))
  }

  private mutating func writeBeginning(_ record: AccessRecord, _ line: inout AccessLine) {
    line.name(#"{"time":"#, "time=")
    let moment = Timestamp.wall(record.endedAt)
    line.time(second.text(moment / 1_000_000_000), moment / 1_000_000 % 1000)
    line.name(#","event":"#, " event=")
    line.word(record.event.name)
    line.name(#","exchange_id":"#, " exchange_id=")
    line.text(record.requestID)
  }

  private mutating func writeKey(_ record: AccessRecord, _ line: inout AccessLine) {
    let number = Int(record.key)
    if number > keyIDs.count { keyIDs = keys?.ids.map { Array($0.utf8) } ?? [] }
    guard number > 0, number <= keyIDs.count else { return line.word("-") }
    keyIDs[number - 1].withUnsafeBytes { line.text($0) }
  }

  private static func writeClient(_ record: AccessRecord, _ line: inout AccessLine) {
    switch record.peerVersion {
    case 4: line.address(UInt32(truncatingIfNeeded: record.peer.lower))
    case 6:
      var host = SocketAddress.ipv6(record.peer.upper, record.peer.lower, scope: 0, port: 0).host
      host.withUTF8 { line.text(UnsafeRawBufferPointer($0)) }
    default: line.word("unix")
    }
  }
}

/// The text of the second that the last line was of: most lines are of the same.
private struct CachedSecond {
  private var second = Int.min
  private var bytes: [UInt8] = []

  /// - Parameter seconds: since 1970-01-01.
  mutating func text(_ seconds: Int) -> [UInt8] {
    if seconds != second {
      second = seconds
      bytes = Array(WallTime.utc(seconds).utf8)
    }
    return bytes
  }
}

/// Times of log lines: RFC 3339, UTC, milliseconds.
enum Timestamp {
  static func now() -> String { text(wallNanoseconds()) }

  /// A moment of the recent past.
  ///
  /// - Parameter moment: by `LinuxKernel.now()`.
  static func at(_ moment: UInt64) -> String { text(wall(moment)) }

  /// Nanoseconds since 1970-01-01 at a moment of the recent past.
  static func wall(_ moment: UInt64) -> Int {
    let now = LinuxKernel.now()
    return wallNanoseconds() - Int(clamping: now - min(moment, now))
  }

  private static func wallNanoseconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
  }

  private static func text(_ nanoseconds: Int) -> String {
    let milliseconds = String(nanoseconds / 1_000_000 % 1000 + 1000).dropFirst()
    return "\(WallTime.utc(nanoseconds / 1_000_000_000)).\(milliseconds)Z"
  }
}
