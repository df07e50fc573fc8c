import OAIRSys
import Testing

struct DescriptorLimitTests {
  @Test func `a limit that is higher already stays`() {
    let former = DescriptorLimit.current
    #expect(DescriptorLimit.raise(to: 10) == former)
    #expect(DescriptorLimit.raise(to: -1) == former)
    #expect(DescriptorLimit.current == former)
  }
}
