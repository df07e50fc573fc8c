import COAIRSys
import Glibc

/// Signals as a readable descriptor.
///
/// For programs, never for the library: it changes the mask of the calling thread, and must be made
/// before any other thread exists, which then inherits it. A handler that sets a flag would lose a
/// signal that arrives between the check of the flag and epoll_wait(2).
public struct SignalFD: ~Copyable, Sendable {
  private let owner: OwnedFD

  /// Blocks the signals and opens a descriptor that reports them.
  ///
  /// - Parameter signals: for example `[SIGTERM, SIGINT]`.
  /// - Throws: `SystemError` when no descriptor is left.
  public init(_ signals: [Int32]) throws(SystemError) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let raw = signalfd(-1, &set, Int32(SFD_CLOEXEC))
    guard raw >= 0 else { throw SystemError("signalfd", .current) }
    owner = OwnedFD(owning: FileDescriptor(raw))
  }

  /// What to watch for readability.
  public var descriptor: FileDescriptor { owner.descriptor }

  /// Waits for the next signal; blocks the calling thread.
  ///
  /// - Returns: the signal's number.
  public func next() -> Int32 {
    var info = signalfd_siginfo()
    while true {
      let count = read(descriptor.raw, &info, MemoryLayout<signalfd_siginfo>.size)
      if count == MemoryLayout<signalfd_siginfo>.size { return Int32(info.ssi_signo) }
    }
  }
}
