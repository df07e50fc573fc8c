import Glibc
import OAIRSys
import Testing

@testable import OAIRDiscovery

struct ControlFailureTests {
  @Test(arguments: [
    (ECONNREFUSED, ControlFailure.refused), (ENOENT, .refused), (EHOSTUNREACH, .unreachable),
    (ENETUNREACH, .unreachable), (EACCES, .denied), (EPERM, .denied), (ETIMEDOUT, .timedOut),
    (ECONNRESET, .closed), (EPIPE, .closed), (EMFILE, .exhausted), (ENFILE, .exhausted),
    (ENOBUFS, .exhausted),
  ])
  func `a system's error says what it says about the peer`(code: Int32, failure: ControlFailure) {
    #expect(ControlFailure(Errno(code)) == failure)
  }
}
