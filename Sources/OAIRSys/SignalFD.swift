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
  public func next() -> Int32 { received().number }

  /// Waits for the next signal; blocks the calling thread.
  ///
  /// - Returns: the signal, and who has sent it.
  public func received() -> ReceivedSignal {
    var info = signalfd_siginfo()
    while true {
      let count = read(descriptor.raw, &info, MemoryLayout<signalfd_siginfo>.size)
      guard count == MemoryLayout<signalfd_siginfo>.size else { continue }
      return ReceivedSignal(number: Int32(info.ssi_signo), code: info.ssi_code)
    }
  }
}

/// A signal that was taken.
public struct ReceivedSignal: Equatable, Sendable {
  /// Which one.
  public let number: Int32
  /// True when the kernel has sent it by itself, such as SIGHUP for a terminal that is gone; false
  /// when a process has, by kill(2) or the like (SI_KERNEL of sigaction(2)).
  public let isFromKernel: Bool

  init(number: Int32, code: Int32) {
    self.number = number
    isFromKernel = code == Self.fromKernel
  }

  /// SI_KERNEL, which Glibc's module leaves out.
  private static let fromKernel: Int32 = 0x80
}
