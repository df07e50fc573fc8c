import Glibc
import OAIRProxy
import OAIRSys
import OAIRWire

/// How an access line looks.
///
/// Names are those of docs/OPERATIONS.md; strings that came from clients or backends are escaped,
/// so that no line can be forged.
struct AccessLineFormat {
  let format: LogFormat
  /// The ids of the keys, by number less one.
  var keyIDs: [String] = []

  func append(_ record: AccessRecord, to lines: inout [UInt8]) {
    switch format {
    case .json:
      var writer = JSONWriter()
      writer.beginObject()
      for field in fields(record) { field.write(to: &writer) }
      writer.endObject()
      lines += writer.bytes
    case .text: appendText(record, to: &lines)
    }
    lines.append(UInt8(ascii: "\n"))
  }

  private func appendText(_ record: AccessRecord, to lines: inout [UInt8]) {
    var isFirst = true
    for field in fields(record) {
      if !isFirst { lines.append(UInt8(ascii: " ")) }
      isFirst = false
      field.writeText(to: &lines)
    }
  }

  private struct Field {
    enum Value {
      case text(String)
      case bytes(InlineText)
      case number(Int)
      case milliseconds(UInt64)
    }

    let name: String
    let value: Value

    func write(to writer: inout JSONWriter) {
      writer.key(name)
      switch value {
      case .text(let text): writer.string(text)
      case .bytes(let text): text.withBytes { writer.string($0) }
      case .number(let number): writer.int(number)
      case .milliseconds(let time): writer.raw(Array(Self.decimal(time).utf8))
      }
    }

    func writeText(to lines: inout [UInt8]) {
      lines += Array(name.utf8)
      lines.append(UInt8(ascii: "="))
      switch value {
      case .number(let number): lines += Array("\(number)".utf8)
      case .milliseconds(let time): lines += Array(Self.decimal(time).utf8)
      case .text(let text): lines += Array(text.utf8)
      case .bytes(let text): text.withBytes { LogText.append($0, to: &lines) }
      }
    }

    private static func decimal(_ nanoseconds: UInt64) -> String {
      let microseconds = nanoseconds / 1000
      let fraction = String(microseconds % 1000)
      return
        "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
  }

  private func fields(_ record: AccessRecord) -> [Field] {
    record.event == .access ? accessFields(record) : attemptFields(record)
  }

  private func accessFields(_ record: AccessRecord) -> [Field] {
    beginning(record) + [
      Field(name: "client", value: .text(Self.client(record))),
      Field(name: "key", value: .text(keyID(record))),
      Field(name: "request", value: .bytes(record.request)),
      Field(name: "status", value: .number(Int(record.status))),
      Field(name: "outcome", value: .text(record.outcome.name.description)),
      Field(
        name: "code",
        value: .text(record.code.utf8CodeUnitCount == 0 ? "-" : "\(record.code)")
      ),
      Field(name: "model", value: .bytes(record.model)),
      Field(name: "backend", value: .bytes(record.backend)),
      Field(name: "attempts", value: .number(Int(record.attempts))),
      Field(name: "queue_ms", value: .milliseconds(record.waitedNanoseconds)),
      Field(name: "ttft_ms", value: .milliseconds(record.firstByteNanoseconds)),
      Field(name: "duration_ms", value: .milliseconds(record.durationNanoseconds)),
      Field(name: "bytes_in", value: .number(record.requestBytes)),
      Field(name: "bytes_out", value: .number(record.responseBytes)),
      Field(name: "tokens_in", value: .number(Int(record.inputTokens))),
      Field(name: "tokens_out", value: .number(Int(record.outputTokens))),
    ]
  }

  /// An attempt that has failed.
  private func attemptFields(_ record: AccessRecord) -> [Field] {
    beginning(record) + [
      Field(name: "reason", value: .text("\(record.code)")),
      Field(name: "model", value: .bytes(record.model)),
      Field(name: "backend", value: .bytes(record.backend)),
      Field(name: "attempts", value: .number(Int(record.attempts))),
    ]
  }

  private func beginning(_ record: AccessRecord) -> [Field] {
    [
      Field(name: "time", value: .text(Timestamp.at(record.endedAt))),
      Field(name: "event", value: .text("\(record.event.name)")),
      Field(name: "exchange_id", value: .bytes(record.requestID)),
    ]
  }

  private func keyID(_ record: AccessRecord) -> String {
    let number = Int(record.key)
    return number > 0 && number <= keyIDs.count ? keyIDs[number - 1] : "-"
  }

  private static func client(_ record: AccessRecord) -> String {
    switch record.peerVersion {
    case 4: SocketAddress.ipv4(UInt32(truncatingIfNeeded: record.peer.lower), port: 0).host
    case 6: SocketAddress.ipv6(record.peer.upper, record.peer.lower, scope: 0, port: 0).host
    default: "unix"
    }
  }
}

/// Times of log lines: RFC 3339, UTC, milliseconds.
enum Timestamp {
  static func now() -> String { text(wallNanoseconds()) }

  /// A moment of the recent past.
  ///
  /// - Parameter moment: by `LinuxKernel.now()`.
  static func at(_ moment: UInt64) -> String {
    let now = LinuxKernel.now()
    return text(wallNanoseconds() - Int(clamping: now - min(moment, now)))
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
