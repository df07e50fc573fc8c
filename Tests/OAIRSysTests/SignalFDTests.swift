import Glibc
import Testing

@testable import OAIRSys

struct SignalFDTests {
  @Test func `a blocked signal is read instead of acted upon`() throws {
    // The mask is this thread's alone, and given back; the signal goes to this thread.
    var former = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &former)
    defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
    let signals = try SignalFD([SIGUSR1, SIGUSR2])
    #expect(pthread_kill(pthread_self(), SIGUSR2) == 0)
    let first = signals.next()
    #expect(first == SIGUSR2)
    #expect(pthread_kill(pthread_self(), SIGUSR1) == 0)
    let second = signals.next()
    #expect(second == SIGUSR1)
  }

  @Test func `who has sent a signal is known`() throws {
    var former = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &former)
    defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
    let signals = try SignalFD([SIGURG])
    #expect(pthread_kill(pthread_self(), SIGURG) == 0)
    let sent = signals.received()
    #expect(sent.number == SIGURG && !sent.isFromKernel)
    // As of sigaction(2).
    #expect(ReceivedSignal(number: SIGHUP, code: 0x80).isFromKernel)
    #expect(!ReceivedSignal(number: SIGHUP, code: -1).isFromKernel)
  }
}
