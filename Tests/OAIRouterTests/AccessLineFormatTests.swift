import OAIRSys
import Testing

@testable import OAIRProxy
@testable import OAIRouter

struct AccessLineFormatTests {
  @Test(arguments: [AccessLineFormat.text, .json])
  func `a line bears the time of its request, whenever it is written`(format: AccessLineFormat) {
    var record = AccessRecord()
    var lines: [UInt8] = []
    let before = Timestamp.at(LinuxKernel.now() - 3_600_000_000_000)
    record.endedAt = LinuxKernel.now() - 3_600_000_000_000
    format.append(record, to: &lines)
    let after = Timestamp.at(LinuxKernel.now() - 3_600_000_000_000)
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
