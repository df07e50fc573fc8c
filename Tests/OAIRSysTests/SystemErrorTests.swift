import Glibc
import Testing

@testable import OAIRSys

struct SystemErrorTests {
  @Test func `only some errors of a connect tell of the other side`() {
    for code in [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENOENT] {
      #expect(Errno(code).saysNobodyIsThere)
    }
    for code in [EADDRNOTAVAIL, EPERM, EMFILE, ENOBUFS, ETIMEDOUT] {
      #expect(!Errno(code).saysNobodyIsThere)
    }
  }

  @Test func `a number has the C library's text`() {
    #expect(Errno.connectionRefused.text == "Connection refused")
    #expect(Errno.brokenPipe.text == "Broken pipe")
    #expect(Errno(99_999).text == "Unknown error 99999")
  }

  @Test func `the current number is the calling thread's`() {
    Glibc.errno = ENOENT
    #expect(Errno.current == Errno(ENOENT))
  }

  @Test func `an error says call, text and number`() {
    #expect(
      SystemError("bind", .addressInUse).description == "bind: Address already in use (98)"
    )
  }

  @Test func `errors are equal when call and number are`() {
    #expect(SystemError("bind", .addressInUse) == SystemError("bind", Errno(EADDRINUSE)))
    #expect(SystemError("bind", .addressInUse) != SystemError("listen", .addressInUse))
    #expect(SystemError("bind", .addressInUse) != SystemError("bind", .accessDenied))
  }

  @Test func `exhaustion is a want of descriptors or memory and nothing else`() {
    let exhausted: Set<Int32> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]
    for code in Int32(1)...133 {
      #expect(Errno(code).isExhaustion == exhausted.contains(code), "errno \(code)")
    }
  }
}
