import OAIRReactor
import OAIRSys

/// Work that lives in the control plane's loop beside its requests: the sockets of a name service,
/// the notices of changed folders.
///
/// Made and called on the loop's thread only, and it must return at once. Other threads reach it
/// by what it shares with them and `ControlClient.wake(guest:)`.
protocol LoopGuest: AnyObject {
  /// Called once, before everything else.
  ///
  /// - Parameter owner: what the guest's registrations and timers in the reactor must carry.
  func enter(_ reactor: inout Reactor<LinuxKernel>, owner: UInt64)

  /// One of its descriptors is ready.
  func ready(_ handle: Handle, _ readiness: Readiness, _ reactor: inout Reactor<LinuxKernel>)

  /// One of its timers fired.
  func timerFired(_ reactor: inout Reactor<LinuxKernel>)

  /// Somebody has left something for it.
  func woken(_ reactor: inout Reactor<LinuxKernel>)

  /// Called once, after everything else: it closes what it registered, and answers who waits.
  func leave(_ reactor: inout Reactor<LinuxKernel>)
}
