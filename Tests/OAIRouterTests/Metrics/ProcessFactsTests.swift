import Glibc
import Testing

@testable import OAIRouter

struct ProcessFactsTests {
  @Test func `what the kernel tells of this process makes sense`() throws {
    let before = ProcessFacts()
    #expect(before.residentBytes > 1 << 20 && before.virtualBytes > before.residentBytes)
    #expect(before.cpuNanoseconds > 0)
    let open = try #require(before.openDescriptors)
    #expect(open >= 3 && open <= before.maximumDescriptors)
    let now = Double(time(nil))
    #expect(ProcessFacts.startTime() <= now + 1 && ProcessFacts.startTime() > now - 86_400)
  }
}
