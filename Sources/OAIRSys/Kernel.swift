/// What the reactor asks of the operating system, and nothing else.
///
/// Two implementations exist: `LinuxKernel`, and the simulated one of the tests, which plays a
/// whole network with a clock of its own, so that every interleaving can be replayed from a seed.
///
/// All calls are made on the reactor's thread, never block but for `wait`, and retry EINTR.
/// Descriptors are numbers here; the reactor's registrations own them.
public protocol Kernel {
  /// Nanoseconds of a clock that never goes back and counts suspended time (CLOCK_BOOTTIME).
  func now() -> UInt64

  /// Waits for readiness.
  ///
  /// - Parameter timeoutMilliseconds: −1 for ever, 0 not at all.
  /// - Returns: how many events can be read by `event(_:)`.
  func wait(timeoutMilliseconds: Int32) -> Int
  /// The i-th event of the last `wait`.
  func event(_ index: Int) -> PollEvent
  /// Starts to watch a descriptor.
  func watch(_ descriptor: FileDescriptor, token: UInt64, interest: Interest)
    throws(SystemError)
  /// Stops to watch a descriptor.
  func unwatch(_ descriptor: FileDescriptor)

  /// Takes one waiting connection, non-blocking, close-on-exec, TCP_NODELAY set.
  func accept(_ listener: FileDescriptor) -> AcceptResult
  /// Starts a connection, non-blocking, close-on-exec, TCP_NODELAY set.
  func connect(to address: SocketAddress) -> ConnectResult
  /// The outcome of a connect that was under way: nil when it is established.
  func connectError(_ descriptor: FileDescriptor) -> Errno?
  /// Reads into `memory` (not empty).
  func receive(_ descriptor: FileDescriptor, into memory: UnsafeMutableRawBufferPointer) -> IOResult
  /// Writes what fits of `bytes` (not empty); never raises SIGPIPE.
  func send(_ descriptor: FileDescriptor, _ bytes: UnsafeRawBufferPointer) -> IOResult
  /// Writes what fits of two pieces, in one call; never raises SIGPIPE.
  func send(
    _ descriptor: FileDescriptor,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
  ) -> IOResult
  /// Bytes that were sent and that the peer's machine hasn't taken yet.
  func unacknowledged(_ descriptor: FileDescriptor) -> Int
  /// Sends a FIN; what was written before still goes out.
  func shutdownWriting(_ descriptor: FileDescriptor)
  /// Makes the close that follows send a RST, so that the peer can't take what it has for whole.
  func resetOnClose(_ descriptor: FileDescriptor)
  /// A descriptor that is good for nothing but to be closed when there is no other.
  ///
  /// - Returns: nil when none is left, or the kernel doesn't run out of them.
  func openReserve() -> FileDescriptor?
  /// Closes; called exactly once for each descriptor.
  func close(_ descriptor: FileDescriptor)
  /// Gives back what the kernel object itself holds (the epoll descriptor).
  func shutdown()
}
