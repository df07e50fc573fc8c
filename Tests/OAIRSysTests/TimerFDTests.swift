import Glibc
import OAIRSys
import Testing

struct TimerFDTests {
  private func isReadable(_ timer: FileDescriptor, within milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: timer.raw, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) == 1
  }

  @Test
  func `it is readable when its time has come, not before`() throws {
    let timer = try TimerFD()
    #expect(!isReadable(timer.descriptor, within: 0), "nobody has armed it")
    let begin = LinuxKernel.now()
    timer.arm(at: begin + 3_000_000)
    #expect(isReadable(timer.descriptor, within: 10_000))
    #expect(LinuxKernel.now() >= begin + 3_000_000)
    #expect(isReadable(timer.descriptor, within: 0), "it stays readable until it is armed again")
  }

  @Test
  func `arming it again replaces its time`() throws {
    let timer = try TimerFD()
    timer.arm(at: 0)
    #expect(isReadable(timer.descriptor, within: 10_000), "the past is at once")
    timer.arm(at: LinuxKernel.now() + 3_600_000_000_000)
    #expect(!isReadable(timer.descriptor, within: 0))
    timer.arm(at: 1)
    #expect(isReadable(timer.descriptor, within: 10_000))
    timer.arm(at: .max)
    #expect(!isReadable(timer.descriptor, within: 0))
  }
}
