import FoundationEssentials
import OAIRSys
import Testing

struct DescriptorLimitTests {
  @Test func `a limit that is higher already stays`() {
    let former = DescriptorLimit.current
    #expect(DescriptorLimit.raise(to: 10) == former)
    #expect(DescriptorLimit.raise(to: -1) == former)
    #expect(DescriptorLimit.current == former)
  }

  @Test func `the table is as long as it was asked to be`() throws {
    let count = min(DescriptorLimit.current, 3000)
    DescriptorLimit.reserveTable(count)
    let status = try String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("FDSize:") })
    let size = try #require(line.split(separator: "\t").last.flatMap { Int($0) })
    #expect(size >= count)
    // Nothing is left open by it, and too much is no mistake.
    DescriptorLimit.reserveTable(.max)
    DescriptorLimit.reserveTable(-1)
  }
}
