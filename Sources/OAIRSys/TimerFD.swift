import COAIRSys
import Glibc

/// A point in time that makes a descriptor readable, without the slack that the kernel allows
/// itself for a sleep (timerfd_create(2), prctl(2) PR_SET_TIMERSLACK).
///
/// epoll_wait(2) counts in milliseconds.
public struct TimerFD: ~Copyable, Sendable {
  private let owner: OwnedFD

  /// Opens one that isn't armed, on the clock of `LinuxKernel.now()`.
  ///
  /// - Throws: `SystemError` when no descriptor is left.
  public init() throws(SystemError) {
    let raw = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
    guard raw >= 0 else { throw SystemError("timerfd_create", .current) }
    owner = OwnedFD(owning: FileDescriptor(raw))
  }

  /// What to watch for readability.
  public var descriptor: FileDescriptor { owner.descriptor }

  /// Arms it, in place of what it was armed for; it isn't readable until then.
  ///
  /// - Parameter time: nanoseconds of `LinuxKernel.now()`, at once if that has passed; `.max`
  ///   disarms.
  public func arm(at time: UInt64) {
    var setting = itimerspec()
    if time != .max {
      // A value of zero would disarm it.
      let time = max(time, 1)
      setting.it_value.tv_sec = Int(time / 1_000_000_000)
      setting.it_value.tv_nsec = Int(time % 1_000_000_000)
    }
    timerfd_settime(descriptor.raw, Int32(TFD_TIMER_ABSTIME), &setting, nil)
  }
}
