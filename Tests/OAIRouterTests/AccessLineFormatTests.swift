import OAIRSys
import Testing

@testable import OAIRProxy
@testable import OAIRouter

struct AccessLineFormatTests {
  private func line(
    _ record: AccessRecord,
    _ format: LogFormat = .json,
    keyIDs: [String] = []
  ) -> String {
    var lines: [UInt8] = []
    let keys = KeyNumbers()
    _ = keys.number(keyIDs.map { ClientKey(id: $0, secret: "") })
    var format = AccessLineFormat(format: format, keys: keys)
    format.append(record, to: &lines)
    return String(decoding: lines, as: UTF8.self)
  }

  @Test func `a key is told by its id and a client by its address`() {
    var record = AccessRecord()
    record.key = 2
    record.peerVersion = 6
    record.peer = (0x2001_0db8_0000_0000, 1)
    record.inputTokens = 7
    record.outputTokens = 9
    let text = line(record, keyIDs: ["a", "b"])
    for part in [
      #""key":"b""#, #""client":"2001:db8::1""#, #""tokens_in":7,"tokens_out":9"#,
    ] {
      #expect(text.contains(part), "\(text)")
    }
    record.key = 3
    #expect(line(record, keyIDs: ["a", "b"]).contains(#""key":"-""#))
  }

  @Test func `a key that comes later has its id`() {
    let keys = KeyNumbers()
    _ = keys.number([ClientKey(id: "a", secret: "")])
    var format = AccessLineFormat(format: .json, keys: keys)
    var record = AccessRecord()
    var lines: [UInt8] = []
    for id in ["a", "b", "c"] {
      record.key = UInt16(keys.number([ClientKey(id: id, secret: "")])?.first?.number ?? 0)
      lines.removeAll()
      format.append(record, to: &lines)
      #expect(String(decoding: lines, as: UTF8.self).contains("\"key\":\"\(id)\""))
    }
  }

  @Test func `a failed attempt is a line of its own`() {
    var record = AccessRecord()
    record.event = .failover
    record.code = "lost"
    record.attempts = 1
    let text = line(record, .text)
    #expect(text.contains(" event=failover ") && text.contains(" reason=lost "))
    #expect(!text.contains("status="))
  }

  @Test(arguments: [LogFormat.text, .json])
  func `a line bears the time of its request, whenever it is written`(format: LogFormat) {
    var record = AccessRecord()
    var lines: [UInt8] = []
    // No machine that runs this has run for less.
    let second: UInt64 = 1_000_000_000
    let before = Timestamp.at(LinuxKernel.now() - second)
    record.endedAt = LinuxKernel.now() - second
    var lineFormat = AccessLineFormat(format: format)
    lineFormat.append(record, to: &lines)
    let after = Timestamp.at(LinuxKernel.now() - second)
    let text = String(decoding: lines, as: UTF8.self)
    let start = text.firstIndex(of: "2") ?? text.startIndex
    let time = String(text[start...].prefix(before.count))
    // They are of one form, in which the order of texts is that of times.
    #expect(before <= time && time <= after && time.hasSuffix("Z"), "\(text)")
  }

  @Test func `a moment that is still to come is now`() {
    let now = Timestamp.now()
    #expect(Timestamp.at(.max) >= now)
  }
}
